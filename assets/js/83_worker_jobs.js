// The jobs of one worker: those that the server read, and what the store has heard of since.
//
// A job is known here by its attempt, since a retry by hand may bring it back. Bounded: beyond `most`
// finished ones the oldest are dropped.
(function () {
  "use strict";
  const RUNNING = new Set(["assigned", "in_progress"]);
  const FINAL = new Set(["completed", "failed", "cancelled"]);
  const LISTS = ["active", "completed", "failed", "cancelled"];

  const isRunning = (job) => RUNNING.has(job.status);
  const start = (job) => job.started_at || job.assigned_at || null;

  class WorkerJobs {
    constructor(workerId, given, most) {
      Object.assign(this, { workerId, most, byId: new Map() });
      for (const job of given) this.byId.set(job.job_id, job);
    }

    // Take over what the store knows; `worker` is the newest record.
    update({ jobs, lists }, worker) {
      for (const name of LISTS) {
        for (const id of lists[name].ids) this.consider(jobs.get(id));
      }
      const held = new Set(worker.job_ids);
      for (const [id, job] of this.byId) {
        const newer = jobs.get(id);
        const moved = newer && newer.rev > job.rev && newer.worker_id !== this.workerId;
        // Neither held nor seen ending: the page looked away, or the job went back to the line.
        if (moved || (isRunning(job) && !held.has(id))) this.byId.delete(id);
      }
      this.drop();
    }

    consider(job) {
      if (job.worker_id !== this.workerId || !(isRunning(job) || FINAL.has(job.status))) return;
      const known = this.byId.get(job.job_id);
      if (!known || job.rev > known.rev) this.byId.set(job.job_id, job);
    }

    drop() {
      if (this.byId.size <= this.most) return;
      const finished = this.newest().filter((job) => !isRunning(job));
      for (const job of finished.slice(this.most)) this.byId.delete(job.job_id);
    }

    // In hand first, then those that finished last.
    newest() {
      return [...this.byId.values()].sort(
        (a, b) => isRunning(b) - isRunning(a) || end(b) - end(a) || (a.job_id < b.job_id ? -1 : 1),
      );
    }

    // Those that ran after `since`, in the order of their start.
    bars(since) {
      return [...this.byId.values()]
        .filter((job) => start(job) && (isRunning(job) || job.finished_at > since))
        .sort((a, b) => start(a) - start(b) || (a.job_id < b.job_id ? -1 : 1));
    }
  }

  function end(job) {
    return job.finished_at || start(job) || 0;
  }

  window.jobhub.workerJobs = { WorkerJobs, isRunning, start };
})();
