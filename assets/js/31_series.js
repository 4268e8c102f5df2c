// The figures of the last hour, a column a figure and an entry a second in which anything changed.
//
// A second without an entry had no changes: its counts are zero and its percentiles unknown, from
// `complete_from` on. Busy and offered slots hold on through such a second.
(function () {
  "use strict";
  const KEPT_S = 3600;
  const COUNTS = ["submitted", "started", "completed", "failed", "cancelled", "busy", "offered"];
  const AXES = ["wait", "run"];
  const PERCENTS = ["p50", "p95", "p99"];
  const COLUMNS = ["second", ...COUNTS];
  for (const axis of AXES) for (const percent of PERCENTS) COLUMNS.push(axis + "_" + percent);

  class Series {
    constructor() {
      this.columns = { complete_from: 0 };
      for (const name of COLUMNS) this.columns[name] = [];
    }

    // A closed second, as system_stats tells it. Told again it replaces itself.
    add(stats) {
      const seconds = this.columns.second;
      let at = seconds.length;
      while (at > 0 && seconds[at - 1] >= stats.second) at--;
      const replaced = seconds[at] === stats.second ? 1 : 0;
      const put = (name, value) => this.columns[name].splice(at, replaced, value);
      put("second", stats.second);
      for (const name of COUNTS) put(name, stats[name] || 0);
      for (const axis of AXES) {
        for (const percent of PERCENTS) put(axis + "_" + percent, stats[axis] ? stats[axis][percent] : null);
      }
      this.trim();
    }

    // The columns of a snapshot read at `timestamp`. What is older stays where nothing is missing between.
    load(given, timestamp, sameEpoch) {
      const from = Math.floor(timestamp / 1000) - SNAPSHOT_S;
      const seconds = this.columns.second;
      const newest = seconds.length ? seconds[seconds.length - 1] : 0;
      const joins = sameEpoch && newest >= from;
      let kept = 0;
      if (joins) while (kept < seconds.length && seconds[kept] < from) kept++;
      for (const name of COLUMNS) {
        this.columns[name] = this.columns[name].slice(0, kept).concat(given ? given[name] : []);
      }
      if (!joins) this.columns.complete_from = from;
      this.trim();
    }

    // Seconds before complete_from, read later; `given` has them all from `fromS` on.
    prepend(given, fromS) {
      const first = this.columns.complete_from;
      if (fromS >= first) return;
      let count = 0;
      while (count < given.second.length && given.second[count] < first) count++;
      for (const name of COLUMNS) this.columns[name] = given[name].slice(0, count).concat(this.columns[name]);
      this.columns.complete_from = fromS;
      this.trim();
    }

    trim() {
      const seconds = this.columns.second;
      const oldest = seconds[seconds.length - 1] - KEPT_S;
      let gone = 0;
      while (seconds[gone] <= oldest) gone++;
      if (gone) for (const name of COLUMNS) this.columns[name].splice(0, gone);
    }
  }

  const SNAPSHOT_S = 600; // how far back a snapshot's series reaches, as in hub/snapshot.py

  Object.assign(window.jobhub, { Series });
})();
