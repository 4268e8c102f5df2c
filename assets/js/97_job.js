// The Job page: draws what 90_job_record.js knows into its places, and does what the person asks for.
(function () {
  "use strict";
  const { dom, view, clock, words, actions, bulk, hub } = window.jobhub;
  const { jobLife, jobAttempts, jobOutlook, jobTexts, jobAgain } = window.jobhub;
  const { setText, setHidden, part } = dom;
  const FINAL = new Set(["completed", "failed", "cancelled"]);
  const WAITING = new Set(["scheduled", "pending"]);
  const PLACES = ["life", "progress", "error", "attempts", "result", "payload", "log", "position", "facts", "requirements", "match", "siblings"];

  class JobPage {
    constructor(root, jobId) {
      Object.assign(this, { root, jobId, drawn: {} });
      for (const name of PLACES) part(root, name).replaceChildren();
      for (const name of ["life", "attempts", "payload", "log", "facts", "match"]) jobTexts.none(part(root, name), "Loading…");
      setText(part(root, "title"), jobId);
      setHidden(part(root, "gone"), true);
      setHidden(part(root, "body"), false);
      this.record = new window.jobhub.JobRecord(jobId, (name) => this.changed(name));
      this.listeners = this.wire();
    }

    wire() {
      const acts = {
        run_now: () => this.runNow(),
        retry: () => this.afterwards(actions.run("retry_job", [this.jobId])),
        cancel: () => this.afterwards(actions.run("cancel_job", [this.jobId])),
        priority: () => this.afterwards(bulk.run("priority", { ids: [this.jobId] }, this.record.job.priority)),
        again: () => this.submitAgain(),
        curl: () => jobTexts.copyText(jobAgain.curlOf(this.record.job), "Command"),
        reload: () => this.record.readAll(),
      };
      return Object.entries(acts).map(([name, act]) => {
        const button = part(this.root, name);
        button.addEventListener("click", act);
        return () => button.removeEventListener("click", act);
      });
    }

    changed(name) {
      if (name === "gone") this.drawGone();
      else if (name === "job") this.drawJob();
      else this.drawPart(name);
    }

    // --- The job itself --------------------------------------------------------------------------

    drawJob() {
      const { job, problem } = this.record;
      setHidden(part(this.root, "gone"), !problem);
      if (problem) this.drawProblem(problem);
      setHidden(part(this.root, "body"), false);
      setText(part(this.root, "title"), job.job_type + " " + job.job_id);
      document.title = job.job_type + " " + window.jobhub.format.shortId(job.job_id) + " · Jobhub"; // tells tabs apart
      const status = part(this.root, "status");
      setText(status, words.word(job.status));
      dom.setClass(status, "pill tone-" + words.tone(job.status));
      this.drawButtons(job);
      this.drawLife();
      jobTexts.drawFacts(part(this.root, "facts"), job, clock.now());
      this.drawTexts(job);
      this.show("position", WAITING.has(job.status));
      this.show("siblings", Boolean(job.workflow_id));
    }

    drawButtons({ status }) {
      const offered = {
        run_now: status === "scheduled",
        retry: FINAL.has(status),
        cancel: !FINAL.has(status),
        priority: WAITING.has(status),
        again: true,
        curl: true,
        reload: true,
      };
      for (const [name, on] of Object.entries(offered)) setHidden(part(this.root, name), !on);
    }

    drawTexts(job) {
      if (job.payload !== undefined) jobTexts.drawText(part(this.root, "payload"), jobTexts.json(job.payload), "payload");
      this.show("requirements", Boolean(job.requirements));
      if (job.requirements) jobTexts.drawText(part(this.root, "requirements"), jobTexts.json(job.requirements), "requirements");
      const hasResult = job.status === "completed" && job.result !== undefined;
      this.show("result", hasResult);
      if (hasResult) jobTexts.drawText(part(this.root, "result"), jobTexts.json(job.result), "result");
      this.show("error", Boolean(job.error));
      const known = JSON.stringify(job.error);
      if (job.error && known !== this.drawn.error) jobTexts.drawError(part(this.root, "error"), job.error);
      this.drawn.error = known;
    }

    drawLife() {
      const { job, parts } = this.record;
      setText(part(this.root, "life-note"), jobLife.lifeNote(job));
      jobLife.drawProgress(part(this.root, "progress"), job);
      if (!parts.history) return;
      const { history } = parts.history;
      jobLife.drawLife(part(this.root, "life"), job, history, clock.now());
      jobAttempts.draw(part(this.root, "attempts"), history, clock.now());
    }

    show(name, on) {
      setHidden(part(this.root, name + "-panel"), !on);
    }

    // --- What belongs to it ----------------------------------------------------------------------

    drawPart(name) {
      const { parts, problems, job } = this.record;
      const place = name === "history" ? "attempts" : name;
      if (problems[name]) return jobTexts.none(part(this.root, place), problems[name].message);
      if (name === "history") this.drawLife();
      if (name === "log") this.drawLog(parts.log.lines);
      if (name === "match") jobOutlook.drawMatch(part(this.root, "match"), parts.match);
      if (name === "match" || name === "position") this.drawPosition(parts);
      if (name === "siblings" && job) jobOutlook.drawSiblings(part(this.root, "siblings"), parts.siblings, job);
      return undefined;
    }

    drawPosition({ position, match }) {
      const place = part(this.root, "position");
      if (position) jobOutlook.drawPosition(place, position, Boolean(match && match.unworkable), clock.now());
    }

    drawLog(lines) {
      const place = part(this.root, "log");
      if (lines.length) jobTexts.drawText(place, lines.join("\n"), "log");
      else jobTexts.none(place, "It has written nothing");
    }

    // Ages go on, and times in states; what stands still is not drawn again.
    tick() {
      const { job } = this.record;
      if (job && !FINAL.has(job.status)) this.drawLife();
    }

    drawGone() {
      const { problem } = this.record;
      const missing = problem.status === 404;
      this.drawProblem(problem, missing ? "There is no such job" : "The job cannot be read");
      setHidden(part(this.root, "gone"), false);
      setHidden(part(this.root, "body"), true);
      for (const name of ["run_now", "retry", "cancel", "priority", "again", "curl"]) setHidden(part(this.root, name), true);
      setHidden(part(this.root, "reload"), false);
      setHidden(part(this.root, "status"), true);
    }

    drawProblem(problem, title) {
      const missing = problem.status === 404;
      const why = missing ? "It was purged or forgotten since, or its id is not right." : problem.message;
      const search = dom.element("a", { class: "button row-link", href: "/jobs" }, ["Search jobs"]);
      part(this.root, "gone").replaceChildren(
        dom.element("div", { class: title ? "empty" : "banner banner-bad", role: "alert" }, [
          title ? dom.element("h2", { class: "empty-title" }, [title]) : null,
          dom.element("p", {}, [why]),
          missing ? search : null,
        ]),
      );
    }

    // --- What is done with it --------------------------------------------------------------------

    // Without a connection nothing tells that the job moved, so it is read again.
    async afterwards(done) {
      if (await done) this.record.readAll();
    }

    async runNow() {
      try {
        await hub.ask(hub.path(this.jobId), { method: "PATCH", body: { run_at: "now" } });
        window.jobhub.toasts.toast("good", "In line now");
      } catch (error) {
        window.jobhub.toasts.toast("bad", error.message);
      }
      this.record.readAll();
    }

    async submitAgain() {
      const made = await jobAgain.ask(this.record.job);
      if (!made) return;
      window.jobhub.toasts.toast("good", "Submitted as " + made);
      window.jobhub.navigation.go("/jobs/" + encodeURIComponent(made));
    }

    end() {
      for (const end of this.listeners) end();
      this.record.end();
    }
  }

  window.jobhub.widget("job", (root, options) => {
    const page = new JobPage(root, options.job_id);
    page.record.start();
    const ends = [view.subscribe("tick", () => page.tick(), { everyMs: 1000 }), () => page.end()];
    return () => ends.forEach((end) => end());
  });
})();
