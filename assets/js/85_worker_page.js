// A worker's page: its record, its lanes and its jobs, live.
(function () {
  "use strict";
  const { dom, view, format, words, clock, fleet, workerJobs } = window.jobhub;
  const { element, setText, part } = dom;
  const ROWS = 50;
  const CHIPS = 200; // as many types as a worker may name
  const EVERY_MS = 250;

  class WorkerPage {
    constructor(root, options) {
      this.root = root;
      this.worker = options.worker;
      this.jobs = new workerJobs.WorkerJobs(this.worker.worker_id, options.jobs, options.jobs_max);
      this.lanes = new window.jobhub.WorkerLanes(part(root, "lanes"), options.lanes_s);
      this.most = options.jobs_max;
      this.button = fleet.actionButton(this.worker.worker_id);
      this.button.classList.remove("button-small");
      part(root, "action").replaceChildren(this.button);
    }

    draw(state) {
      const known = state.workers.get(this.worker.worker_id);
      if (known && known !== this.worker) {
        const heardAt = Math.max(known.last_heartbeat_at || 0, this.worker.last_heartbeat_at || 0);
        this.worker = { ...known, last_heartbeat_at: heardAt };
      }
      this.jobs.update(state, this.worker);
      this.drawRecord(state.jobs);
      this.lanes.draw(this.jobs, this.worker.slots, clock.knownUntil() || Date.now());
      this.drawNote();
      this.drawJobs();
    }

    drawRecord(jobs) {
      const { worker, root } = this;
      const live = window.jobhub.stream.status.state === "live";
      const status = part(root, "status");
      setText(status, words.word(worker.status));
      dom.setClass(status, "pill tone-" + words.tone(worker.status));
      this.fact("slots", worker.job_ids.length + " of " + worker.slots);
      const heardAt = fleet.heardAt(worker, jobs);
      this.fact("heard", fleet.heard(worker, jobs, clock.now(), live), format.exact(heardAt));
      this.fact("connected", format.time(worker.connected_at, clock.now()), format.exact(worker.connected_at));
      this.fact("completed", format.count(worker.completed));
      this.fact("failed", format.count(worker.failed));
      this.fact("version", worker.version || format.DASH, worker.version);
      this.fact("host", worker.host || format.DASH, worker.host);
      fleet.chips(part(root, "types"), worker.job_types, CHIPS);
      const offers = fleet.capabilities(worker.capabilities);
      fleet.chips(part(root, "capabilities"), offers.length ? offers : ["none"], CHIPS);
      fleet.drawAction(this.button, worker);
    }

    fact(name, text, title) {
      const place = part(this.root, name);
      setText(place, text);
      if (title) dom.setAttribute(place, "title", title);
    }

    drawNote() {
      const finished = this.jobs.newest().filter((job) => !workerJobs.isRunning(job));
      const cut = finished.length >= this.most;
      const oldest = cut ? finished[finished.length - 1].finished_at : null;
      const note = cut ? "The newest " + format.count(this.most) + " jobs, since " + format.time(oldest) : "A lane a slot, a bar a job";
      setText(part(this.root, "lanes-note"), note);
    }

    drawJobs() {
      const shown = this.jobs.newest().slice(0, ROWS);
      dom.reconcile(part(this.root, "rows"), shown, (job) => job.job_id, makeRow, updateRow);
      dom.setHidden(part(this.root, "rows").parentElement, !shown.length);
      dom.setHidden(part(this.root, "empty"), shown.length > 0);
    }
  }

  function makeRow(job) {
    const link = element("a", { class: "row-link mono", title: job.job_id }, [format.shortId(job.job_id)]);
    link.href = "/jobs/" + encodeURIComponent(job.job_id);
    const cell = (name, className) => element("td", { "data-part": name, class: className });
    return element("tr", {}, [
      element("td", {}, [link]),
      cell("type", "name"),
      element("td", {}, [element("span", { class: "pill", "data-part": "state" })]),
      cell("started", "number"),
      cell("wait", "number"),
      cell("run", "number"),
      cell("error", "message"),
    ]);
  }

  function updateRow(row, job) {
    const status = part(row, "state");
    setText(status, words.word(job.status));
    dom.setClass(status, "pill tone-" + words.tone(job.status));
    setText(part(row, "type"), job.job_type);
    const startedAt = workerJobs.start(job);
    setText(part(row, "started"), format.time(startedAt, clock.now()));
    dom.setAttribute(part(row, "started"), "title", format.exact(startedAt));
    setText(part(row, "wait"), format.span(job.wait_ms));
    setText(part(row, "run"), runText(job));
    const error = job.error ? [job.error.type, job.error.message].filter(Boolean).join(" · ") : "";
    setText(part(row, "error"), error);
    dom.setAttribute(part(row, "error"), "title", error.slice(0, 2000));
  }

  function runText(job) {
    if (!workerJobs.isRunning(job)) return format.span(job.run_ms);
    const percent = job.progress && job.progress.percent;
    const age = job.started_at ? format.age(clock.now() - job.started_at) : format.DASH;
    return percent ? age + ", " + Math.round(percent) + "%" : age;
  }

  window.jobhub.widget("worker_page", (root, options) => {
    const page = new WorkerPage(root, options);
    const topics = ["workers", "active", "completed", "failed", "cancelled", "tick"];
    return view.subscribe(topics, (state) => page.draw(state), { everyMs: EVERY_MS });
  });
})();
