// The split of the charts by job type or worker: reads the past once, follows the present by events, and
// reads again only when the events did not add up to what the hub counted (60_split_series.js).
(function () {
  "use strict";
  const { store, view, clock, buckets, history, stream, SplitSeries } = window.jobhub;
  const PATH = "/live/split"; // dashboard/split_series.py
  const AGAIN_AFTER_MS = 10_000; // after a failure, and at most so often when events are missing
  const TOLD_WITHIN_S = 7; // a busy hub holds frames back for 5 s: later, a second of which nothing was told is empty
  const COLOURS = ["series-blue", "series-teal", "series-brown", "series-violet", "series-rose"];
  const OTHER = { column: "split-other", label: "Other", colour: "series-grey" };

  let series = null; // SplitSeries, when one is loaded
  let key = null; // of what is loaded or being loaded
  let askedAt = -Infinity;
  let failure = null;
  let seenSeq = 0;

  const nameOf = { job_type: (job) => job.job_type, worker: (job) => job.worker_id };

  // Have the figures of the split that the person chose; charts ask for it before they draw.
  function ensure() {
    const { split, windowS } = view.settings;
    if (split === "all") series = key = null;
    if (split === "all" || !clock.isKnown()) return;
    const wanted = [split, windowS, store.state.epoch].join(" ");
    const isOther = wanted !== key;
    const isOld = failure !== null || (series && series.behind);
    if (!isOther && !(isOld && performance.now() - askedAt > AGAIN_AFTER_MS)) return;
    const known = isOther ? null : series;
    if (isOther) series = null;
    key = wanted;
    askedAt = performance.now();
    const fromS = Math.floor(clock.now() / 1000) - windowS;
    read(split, fromS, buckets.STEPS_S[windowS], known)
      .then((past) => key === wanted && load(past, fromS))
      .catch(() => key === wanted && fail());
  }

  async function read(by, fromS, stepS, known) {
    if (!history.ofOwnHub()) return nothing(stepS);
    const query = new URLSearchParams({ by, from: fromS * 1000, step: stepS });
    for (const name of known ? known.names : []) query.append("name", name);
    if (known && known.others) query.set("others", "1");
    const response = await window.fetch(PATH + "?" + query, { credentials: "same-origin" });
    if (!response.ok) throw new Error("no figures: " + response.status);
    return response.json();
  }

  // Another hub's past cannot be read from here: its lines begin now.
  function nothing(stepS) {
    return { step_s: stepS, closed_until: Math.floor(clock.now() / 1000) * 1000, others: false, groups: [] };
  }

  function load(past, fromS) {
    series = new SplitSeries(past, fromS);
    failure = null;
    seenSeq = 0;
    follow(store.state);
    store.mark("series");
  }

  function fail() {
    failure = "These figures could not be read; trying again";
    store.mark("series");
  }

  // Finished jobs among the events since the last look.
  function follow({ log }) {
    if (!series) return;
    let first = log.length;
    while (first > 0 && log[first - 1].seq > seenSeq) first--;
    for (const { seq, job, new_status: status, timestamp } of log.slice(first)) {
      seenSeq = seq;
      if (!job || (status !== "completed" && status !== "failed")) continue;
      const name = nameOf[view.settings.split](job);
      series.finished(name, Math.floor(timestamp / 1000), job.run_ms);
    }
  }

  // The slots as they are, once a second; then which seconds are known whole.
  function second(state) {
    if (!series || stream.status.state !== "live") return;
    follow(state);
    const now = Math.floor(clock.now() / 1000);
    series.levels(now, slots(state));
    const { second: seconds, completed, failed } = state.series;
    const told = seconds.length ? seconds[seconds.length - 1] + 1 : 0;
    series.verify(Math.max(told, now - TOLD_WITHIN_S), (wanted) => {
      const place = buckets.placeOf(seconds, wanted);
      return seconds[place] === wanted ? completed[place] + failed[place] : 0;
    });
  }

  // name -> [busy, offered] slots; job types offer none of their own.
  function slots({ workers, jobs, lists }) {
    const { split } = view.settings;
    const found = new Map();
    if (split === "worker") {
      for (const { worker_id: id, status, slots: offered } of workers.values()) {
        if (status !== "offline") found.set(id, [0, status === "draining" ? 0 : offered]);
      }
    }
    for (const id of lists.active.ids) {
      const job = jobs.get(id);
      if (job.status !== "in_progress") continue;
      const name = nameOf[split](job);
      const [busy, offered] = found.get(name) || [0, 0];
      found.set(name, [busy + 1, Math.max(offered, split === "worker" ? busy + 1 : 0)]);
    }
    return found;
  }

  // The lines of a chart, as it has them: {column, label, colour}. No label reaches Plotly.
  function traces(figure) {
    if (!series) return [];
    const named = series.names.map((label, index) => ({ column: "split-" + index, label, colour: COLOURS[index] }));
    return series.others && hasOther(figure) ? [...named, OTHER] : named;
  }

  // A percentile of the rest cannot be told from those of the parts; a worker's share is of its own slots.
  function hasOther(figure) {
    return figure === "finished" || figure === "share";
  }

  function figureOf(figure) {
    return figure === "share" && view.settings.split === "worker" ? "own_share" : figure;
  }

  // all: columns of the whole hub (60_buckets.js) over the same buckets.
  function columns(figure, all) {
    const wanted = figureOf(figure);
    const made = { at: all.at };
    for (const { column } of traces(wanted)) made[column] = null;
    if (!series) return made;
    series.names.forEach((name, index) => (made["split-" + index] = series.column(name, wanted, all)));
    if (OTHER.column in made) made[OTHER.column] = series.other(wanted, all);
    return made;
  }

  store.subscribe("log", follow, { everyMs: 250 });
  store.subscribe("tick", second, { everyMs: 1000 });

  window.jobhub.split = {
    ensure,
    columns,
    traces: (figure) => traces(figureOf(figure)),
    // Why there are no lines.
    get note() {
      if (failure) return failure;
      return series ? "Nothing finished in this time" : "Reading the past …";
    },
  };
})();
