// Figures of the past that no snapshot brings: read once from the dashboard's server, when a chart looks
// back further than the store. Nothing polls.
(function () {
  "use strict";
  const { store } = window.jobhub;
  const URL_PATH = "/live/series";
  const AGAIN_AFTER_MS = 30_000; // after a failure
  const AXES = ["wait", "run"];
  const PERCENTS = ["p50", "p95", "p99"];
  const asked = new Set();

  async function read(fromS, toS) {
    const query = "?from=" + fromS * 1000 + "&to=" + toS * 1000;
    const response = await window.fetch(URL_PATH + query, { credentials: "same-origin" });
    if (!response.ok) throw new Error("no figures: " + response.status);
    const { groups } = await response.json();
    return groups.all && groups.all.at ? groups.all : { at: [] }; // nothing ever happened
  }

  // The columns of a snapshot's series, from those of /api/metrics/series.
  function toSeries(columns) {
    const series = { second: columns.at.map((at) => at / 1000) };
    for (const name of ["submitted", "started", "completed", "failed", "cancelled"]) series[name] = columns[name] || [];
    for (const name of ["busy", "offered"]) series[name] = (columns[name + "_ms"] || []).map((ms) => ms / 1000);
    for (const axis of AXES) {
      for (const percent of PERCENTS) series[axis + "_" + percent] = columns[axis + "_" + percent + "_ms"] || [];
    }
    return series;
  }

  // See to it that the store knows the seconds from fromS on, as far as the hub still does.
  function ensure(fromS) {
    const { epoch, series } = store.state;
    if (!epoch || fromS >= series.complete_from || !ofOwnHub()) return;
    const key = epoch + ":" + series.complete_from;
    if (asked.has(key)) return;
    asked.add(key);
    read(fromS, series.complete_from)
      .then((columns) => store.state.epoch === epoch && store.backfill(toSeries(columns), fromS))
      .catch(() => window.setTimeout(() => asked.delete(key), AGAIN_AFTER_MS));
  }

  // The dashboard's server knows its own hub only.
  function ofOwnHub() {
    const { status, defaults } = window.jobhub.stream;
    return !status.url || !defaults || status.url === defaults.url;
  }

  // Highest number of waiting jobs in each of the last seconds: [[second, count], ...].
  async function pending(fromS, toS) {
    if (!ofOwnHub()) return [];
    const columns = await read(fromS, toS).catch(() => ({ at: [] }));
    return columns.at.map((at, index) => [at / 1000, columns.pending_max[index]]);
  }

  window.jobhub.history = { ensure, pending, toSeries, ofOwnHub };
})();
