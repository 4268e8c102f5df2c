// Folds the hub's messages into the state, the moment they arrive.
//
// The records equal Redis at `state.seq` of `state.epoch`: a frame that does not continue there is
// refused ("gap"), and the caller asks the hub again. Handles what the plan calls handleRealtimeEvent.
(function () {
  "use strict";
  const LOG_KEPT = 500;
  const WORKERS_KEPT = 1000; // connected and remembered ones; the snapshot brings 500 at most
  const UNLOGGED = new Set(["job_progress", "system_stats"]); // they would push out all else

  const NOTHING_WAITS = { pending: 0, oldest_pending_at: null };

  function newQueue(job_type) {
    return { job_type, paused: false, ...NOTHING_WAITS, unworkable: [] };
  }

  class Fold {
    constructor(state, lists, series, changes) {
      Object.assign(this, { state, lists, series, changes });
    }

    // Returns "folded", "gap" when the message does not continue the state, "ignored" when it is not state.
    message(message) {
      switch (message.type) {
        case "full_state_snapshot":
          return this.snapshot(message);
        case "events":
          return this.continues(message) ? this.frame(message) : "gap";
        case "window":
          return this.continues(message) ? this.window(message) : "gap";
        case "stats_broadcast":
          return this.broadcast(message);
        default:
          return "ignored";
      }
    }

    // The compact form names the epoch once, with the state that it continues.
    continues({ epoch = this.state.epoch, prev, seq }) {
      return epoch === this.state.epoch && prev === this.state.seq && seq >= prev;
    }

    snapshot({ epoch, seq, timestamp, data }) {
      const state = this.state;
      const sameEpoch = epoch === state.epoch;
      Object.assign(state, { epoch, seq, timestamp });
      this.lists.replaceAll(data.jobs);
      this.replaceWorkers(data.workers);
      this.setQueues(data.queues);
      this.setCounts(data.counts);
      this.setStats(data.system_stats);
      this.series.load(data.series, timestamp, sameEpoch);
      this.changes.mark("series");
      if (!sameEpoch) state.log.length = 0;
      this.changes.mark("log");
      return "folded";
    }

    frame(message) {
      const { seq, events = [], counts, lists } = message;
      for (const event of events) {
        const whole = window.jobhub.wholeEvent(event, this.state);
        if (whole) this.event(whole, seq);
      }
      for (const event of window.jobhub.progressEvents(message)) this.event(event, seq);
      if (lists) this.lists.replaceSome(lists);
      this.state.seq = seq;
      if (counts) this.setCounts({ ...this.state.counts, ...counts });
      return "folded";
    }

    window({ seq, list, rows, truncated }) {
      this.lists.replace(list, rows, truncated);
      this.state.seq = seq;
      return "folded";
    }

    // The old full push: no seq, so it continues nothing and nothing continues it.
    broadcast({ timestamp, data }) {
      const state = this.state;
      const counts = data.counts;
      Object.assign(state, { epoch: null, seq: 0, timestamp });
      const totals = { ...counts, active: counts.assigned + counts.in_progress };
      const jobs = {};
      for (const [name, given] of Object.entries(data.jobs)) {
        const rows = given.rows || given;
        jobs[name] = { rows, truncated: totals[name] > rows.length };
      }
      this.lists.replaceAll(jobs);
      this.replaceWorkers(data.workers);
      this.setQueues(data.queues);
      this.setCounts(counts);
      this.setStats(data.system_stats);
      if (data.system_stats) this.series.add(data.system_stats);
      this.changes.mark("series");
      return "folded";
    }

    event(event, frameSeq) {
      this.state.timestamp = Math.max(this.state.timestamp, event.timestamp);
      if (event.type === "job_progress") this.lists.progress(event);
      else if (event.type === "system_stats") this.second(event, frameSeq);
      else if (event.type === "queue_changed") this.putQueue(event);
      else if (event.worker) this.putWorker(event);
      else if (event.job) this.moveJob(event);
      if (UNLOGGED.has(event.type)) return;
      const log = this.state.log;
      log.push(event);
      if (log.length > LOG_KEPT) log.shift();
      this.changes.mark("log");
    }

    // While records wait for the budget, the figures run ahead of them, and the counts with the figures.
    second({ queues, ...stats }, frameSeq) {
      this.setStats(stats);
      if (stats.seq > frameSeq && stats.counts) {
        const zeros = Object.fromEntries(Object.keys(this.state.counts).map((name) => [name, 0]));
        this.setCounts({ ...zeros, ...stats.counts });
      }
      if (queues) this.measureQueues(queues);
      this.series.add(stats);
      this.changes.mark("series");
    }

    moveJob({ job, old_status, new_status }) {
      this.lists.put(job, new_status);
      const delta = (new_status === "pending") - (old_status === "pending");
      if (delta) this.shiftQueue(job.job_type, delta);
    }

    // --- Workers ------------------------------------------------------------------------------

    putWorker({ worker, timestamp, new_status, reason }) {
      const { workers, filters } = this.state;
      const id = worker.worker_id;
      if (filters.worker_ids && !filters.worker_ids.includes(id)) return;
      const known = workers.get(id);
      if (new_status === null) {
        if (workers.delete(id)) this.changes.row("workers", "removed", id);
        return;
      }
      // A worker that the hub had forgotten counts its revisions from the start again.
      if (known && known.connected_at >= worker.connected_at && worker.rev <= known.rev) return;
      // Heartbeats come without an event; every other change but silence itself is a sign of life.
      const heard = known && reason === "silent" ? known.last_heartbeat_at : timestamp;
      workers.set(id, { ...worker, last_heartbeat_at: heard });
      this.changes.row("workers", known ? "updated" : "added", id);
      if (workers.size > WORKERS_KEPT) this.dropWorker();
    }

    dropWorker() {
      const workers = this.state.workers;
      let gone = workers.keys().next().value;
      for (const worker of workers.values()) {
        if (worker.status === "offline") {
          gone = worker.worker_id;
          break;
        }
      }
      workers.delete(gone);
      this.changes.row("workers", "removed", gone);
    }

    replaceWorkers(rows) {
      const workers = this.state.workers;
      const before = new Set(workers.keys());
      workers.clear();
      for (const row of rows) {
        workers.set(row.worker_id, row);
        this.changes.row("workers", before.delete(row.worker_id) ? "updated" : "added", row.worker_id);
      }
      for (const id of before) this.changes.row("workers", "removed", id);
    }

    // --- Queues and figures -------------------------------------------------------------------

    setQueues(queues) {
      this.state.queues.clear();
      for (const queue of queues) this.state.queues.set(queue.job_type, queue);
      this.changes.mark("queues");
    }

    putQueue({ seq, type, timestamp, action, actor, ...queue }) {
      this.state.queues.set(queue.job_type, queue);
      this.changes.mark("queues");
    }

    // The exact lengths, once a second: folding drops moves, so the moves alone would not do.
    measureQueues(waiting) {
      const { queues } = this.state;
      const measured = new Map(waiting.map((queue) => [queue.job_type, queue]));
      for (const job_type of new Set([...queues.keys(), ...measured.keys()])) {
        const { pending, oldest_pending_at } = measured.get(job_type) || NOTHING_WAITS;
        queues.set(job_type, { ...(queues.get(job_type) || newQueue(job_type)), pending, oldest_pending_at });
      }
      this.changes.mark("queues");
    }

    // Between two exact reports a queue's length follows the moves.
    shiftQueue(job_type, delta) {
      const known = this.state.queues.get(job_type) || newQueue(job_type);
      const pending = Math.max(0, known.pending + delta);
      this.state.queues.set(job_type, { ...known, pending });
      this.changes.mark("queues");
    }

    setCounts(counts) {
      this.state.counts = counts;
      this.changes.mark("counts");
    }

    setStats(stats) {
      this.state.stats = stats;
      this.changes.mark("stats");
    }
  }

  Object.assign(window.jobhub, { Fold });
})();
