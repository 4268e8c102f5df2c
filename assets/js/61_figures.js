// The figures of the tiles: {value, unit, note, tone?} by name. Pure.
(function () {
  "use strict";
  const RECENT_S = 10;
  const MINUTE_S = 60;
  const NAMES = [
    "pending", "active", "throughput", "failure_rate", "wait_p95", "run_p95", "utilisation", "workers",
  ];
  const NOTHING_KNOWN = Object.fromEntries(NAMES.map((name) => [name, { value: "–", unit: "", note: "" }]));
  const WORKING = new Set(["idle", "busy", "draining"]);

  // state: of the store; nowMs: the hub's clock; endS: up to which second the figures are known.
  function figures(state, nowMs, endS) {
    const { buckets } = window.jobhub;
    if (!state.timestamp) return NOTHING_KNOWN;
    const recent = buckets.last(state.series, endS, RECENT_S);
    const minute = buckets.last(state.series, endS, MINUTE_S);
    return {
      pending: pending(state, nowMs),
      active: active(state),
      throughput: throughput(recent, minute),
      failure_rate: failureRate(minute),
      wait_p95: percentile(recent, "wait"),
      run_p95: percentile(recent, "run"),
      utilisation: utilisation(recent),
      workers: workers(state),
    };
  }

  function pending({ counts, queues }, nowMs) {
    const { format } = window.jobhub;
    let oldestAt = null;
    let stuck = 0;
    for (const queue of queues.values()) {
      if (queue.pending && queue.oldest_pending_at !== null) {
        oldestAt = oldestAt === null ? queue.oldest_pending_at : Math.min(oldestAt, queue.oldest_pending_at);
      }
      for (const lane of queue.unworkable) stuck += lane.count;
    }
    const age = counts.pending && oldestAt !== null ? "oldest " + format.age(nowMs - oldestAt) : "nothing waits";
    return {
      value: format.count(counts.pending),
      unit: "",
      note: stuck ? format.count(stuck) + " stuck · " + age.replace("oldest ", "") : age,
      tone: stuck ? "amber" : null,
    };
  }

  function active({ counts, workers: fleet }) {
    const { format } = window.jobhub;
    let slots = 0;
    for (const worker of fleet.values()) if (WORKING.has(worker.status)) slots += worker.slots;
    return {
      value: format.count(counts.assigned + counts.in_progress),
      unit: "",
      note: "in " + format.plural(slots, "slot"),
    };
  }

  function throughput(recent, minute) {
    const { format } = window.jobhub;
    const done = (bucket) => (bucket.completed === null ? null : bucket.completed + bucket.failed);
    return {
      value: format.rate(done(recent)),
      unit: "/s",
      note: format.rate(recent.submitted) + " in · " + format.rate(done(minute)) + " avg",
    };
  }

  function failureRate(minute) {
    const { format } = window.jobhub;
    const failed = Math.round(minute.failed * MINUTE_S);
    const finished = failed + Math.round(minute.completed * MINUTE_S);
    return {
      value: finished ? format.percent(failed / finished) : format.DASH,
      unit: finished ? "%" : "",
      note: finished ? format.count(failed) + " of " + format.count(finished) : "nothing finished",
      tone: failed && failed / finished >= 0.1 ? "rose" : null,
    };
  }

  function percentile(recent, axis) {
    const { format } = window.jobhub;
    const [value, unit] = format.spanParts(recent[axis + "_p95"]);
    const median = recent[axis + "_p50"];
    return { value, unit, note: median === null ? "no job" : "p50 " + format.span(median) };
  }

  function utilisation(recent) {
    const { format } = window.jobhub;
    const share = recent.offered ? Math.min(1, recent.busy / recent.offered) : null;
    return {
      value: format.percent(share),
      unit: share === null ? "" : "%",
      note: recent.offered ? format.rate(recent.busy) + " of " + format.rate(recent.offered) : "no slots",
    };
  }

  function workers({ workers: fleet }) {
    const { format } = window.jobhub;
    const tally = { idle: 0, busy: 0, draining: 0, offline: 0 };
    for (const worker of fleet.values()) tally[worker.status]++;
    const notes = [];
    for (const status of ["busy", "draining", "offline"]) {
      if (tally[status]) notes.push(format.count(tally[status]) + " " + status);
    }
    return {
      value: format.count(tally.idle + tally.busy + tally.draining),
      unit: "",
      note: notes.join(" · ") || (tally.idle ? "all idle" : "none connected"),
    };
  }

  window.jobhub.figures = figures;
})();
