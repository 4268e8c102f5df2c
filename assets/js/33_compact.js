// The compact form of the hub's events (docs/protocol.md), made whole again with what the page knows.
(function () {
  "use strict";
  // What a closed second leaves out when it is nothing.
  const NOTHING = { submitted: 0, started: 0, completed: 0, failed: 0, cancelled: 0, retried: 0, busy: 0, offered: 0, workers: 0 };
  const NONE = { wait: null, run: null, oldest_pending_at: null };

  // The record after an event's change. Progress is said each time, so one that is not said is gone.
  function changed({ progress, ...known }, { change, new_status }) {
    const record = { ...known, status: new_status, ...change };
    const ids = change.job_ids;
    if (ids && !Array.isArray(ids)) {
      const gone = new Set(ids.gone);
      record.job_ids = known.job_ids.filter((id) => !gone.has(id)).concat(ids.come || []);
    }
    for (const [name, value] of Object.entries(change)) if (value === null) delete record[name];
    return record;
  }

  // An event as the plain form has it; null when it changes a worker that is not shown.
  function wholeEvent(event, { jobs, workers }) {
    if (event.type === "system_stats") return { ...NOTHING, ...NONE, queues: [], ...event };
    const { change, ...whole } = event;
    if (!change) return event;
    const known = event.job_id ? jobs.get(event.job_id) : workers.get(event.worker_id);
    if (known) whole[event.job_id ? "job" : "worker"] = changed(known, event);
    else if (event.job_id) throw new Error("a change of job " + event.job_id + ", which is not shown");
    return known ? { ...whole, old_status: known.status } : null;
  }

  // The rows of progress as events.
  function progressEvents({ at, progress = [] }) {
    return progress.map(([job_id, rev, percent, ageMs, more]) => {
      return { type: "job_progress", timestamp: at - ageMs, job_id, rev, percent, ...more };
    });
  }

  Object.assign(window.jobhub, { wholeEvent, progressEvents });
})();
