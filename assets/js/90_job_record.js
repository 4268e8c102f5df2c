// What the Job page knows of one job: read from the hub, kept up to date by the stream. Nothing polls.
//
// The stream tells moves and progress of the small record; what it does not carry (history, log, place in
// line, fleet) is read again when it says that something happened, at most so often.
(function () {
  "use strict";
  const { hub, view } = window.jobhub;
  const MOVED_MS = 300; // several moves within this are one reading
  const LOG_MS = 2000; // while it reports progress
  const LINE_MS = 5000; // while others in line move
  const SIBLINGS = 100;
  const PARTS = ["history", "log", "position", "match"];

  class JobRecord {
    // changed(name) is told what is new: "job", one of PARTS, "siblings" or "gone".
    constructor(jobId, changed) {
      Object.assign(this, { jobId, changed, job: null, problem: null, parts: {}, problems: {}, timers: new Map() });
      this.running = new AbortController();
    }

    start() {
      this.ends = [
        view.subscribe("job:" + this.jobId, ({ jobs }) => this.heard(jobs.get(this.jobId))),
        view.subscribe("counts", () => this.lineMoved(), { everyMs: 1000 }),
        view.subscribe("workers", () => this.lineMoved(), { everyMs: 1000 }),
        () => this.running.abort(),
        () => this.timers.forEach((timer) => window.clearTimeout(timer)),
      ];
      return this.readAll();
    }

    end() {
      for (const end of this.ends) end();
    }

    get isWaiting() {
      return this.job !== null && (this.job.status === "pending" || this.job.status === "scheduled");
    }

    async readAll() {
      await this.readJob();
      if (!this.job) return;
      const wanted = PARTS.filter((name) => name !== "position" || this.isWaiting);
      await Promise.all([...wanted.map((name) => this.readPart(name)), this.readSiblings()]);
    }

    async readJob() {
      const { answer, problem, left } = await this.ask(hub.path(this.jobId));
      if (left) return;
      this.problem = problem;
      if (answer && (!this.job || answer.rev >= this.job.rev)) this.job = answer;
      if (problem && problem.status === 404) this.job = null;
      this.changed(this.job ? "job" : "gone");
    }

    readPart(name) {
      return this.keep(name, hub.path(this.jobId, "/" + name));
    }

    async readSiblings() {
      if (!this.job || !this.job.workflow_id) return;
      const workflow = encodeURIComponent(this.job.workflow_id);
      await this.keep("siblings", "/jobs", "?workflow_id=" + workflow + "&sort=created_at&order=asc&limit=" + SIBLINGS);
    }

    // What was read stays when a later reading fails.
    async keep(name, path, query) {
      const { answer, problem, left } = await this.ask(path, query);
      if (left) return;
      if (answer) this.parts[name] = answer;
      this.problems[name] = problem;
      this.changed(name);
    }

    // left: the page is gone meanwhile, nobody wants the answer.
    async ask(path, query) {
      try {
        return { answer: await hub.ask(path, { query, signal: this.running.signal }), problem: null };
      } catch (problem) {
        return { problem, left: problem.name === "AbortError" };
      }
    }

    // The small record of the store; undefined when no list shows the job any longer.
    heard(small) {
      const known = this.job;
      if (!known) return;
      if (!small) {
        this.soon("moved", MOVED_MS, () => this.readAll());
      } else if (small.rev > known.rev) {
        this.job = { ...small, payload: known.payload };
        this.changed("job");
        if (small.status !== known.status || small.fence !== known.fence || small.run !== known.run) {
          this.soon("moved", MOVED_MS, () => this.readAll());
        } else {
          this.soon("log", LOG_MS, () => this.readPart("log"));
        }
      }
    }

    lineMoved() {
      if (!this.isWaiting || !this.parts.position) return; // else it is being read for the first time
      this.soon("line", LINE_MS, () => Promise.all([this.readPart("position"), this.readPart("match")]));
    }

    // Once within `ms`, however often it is asked for.
    soon(name, ms, read) {
      if (this.timers.has(name)) return;
      const timer = window.setTimeout(() => {
        this.timers.delete(name);
        read();
      }, ms);
      this.timers.set(name, timer);
    }
  }

  window.jobhub.JobRecord = JobRecord;
})();
