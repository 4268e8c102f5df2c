// Figures by job type or worker, in the steps of the charts: the past as the hub kept it, the present as
// events tell it. Pure.
//
// The hub folds events away when there are too many, so every second is held against the whole hub's: up to
// `knownUntilS` the parts add up to it. What comes after is not shown, and `behind` asks for a new read.
(function () {
  "use strict";
  const SERIES_MAX = 5; // as in dashboard/split_series.py
  const RUNS_KEPT = 2000; // run times a bucket and group; more do not change its p95 visibly

  const HELD_S = 10; // levels hold on between two looks; after a longer time they are not known

  function newBucket() {
    return { finished: 0, runs: [], runP95: null, busy: 0, offered: 0, seconds: 0 };
  }

  function p95(runs) {
    if (!runs.length) return null;
    const sorted = runs.slice().sort((a, b) => a - b);
    return sorted[Math.floor(0.95 * (sorted.length - 1))]; // lower nearest rank, as hub/figures.py
  }

  class SplitSeries {
    // past: the answer of dashboard/split_series.py, read from `fromS` on.
    constructor(past, fromS) {
      this.stepS = past.step_s;
      this.fromS = fromS;
      this.others = past.others;
      this.groups = new Map(); // name -> Map of bucket start -> bucket
      this.eventsFromS = this.levelsFromS = this.knownUntilS = past.closed_until / 1000;
      this.told = new Map(); // second -> how many finished, as events told
      this.behind = false;
      for (const { name, ...columns } of past.groups) this.load(name, columns);
    }

    get names() {
      return [...this.groups.keys()];
    }

    load(name, columns) {
      this.groups.set(name, new Map());
      columns.at.forEach((at, index) => {
        const startS = at / 1000;
        const seconds = Math.min(this.stepS, this.eventsFromS - startS);
        const bucket = this.bucket(name, startS);
        bucket.finished = columns.completed[index] + columns.failed[index];
        bucket.runP95 = columns.run_p95_ms[index];
        bucket.busy = columns.busy_ms[index] / 1000;
        bucket.offered = columns.offered_ms[index] / 1000;
        bucket.seconds = seconds;
      });
    }

    bucket(name, second) {
      const buckets = this.groups.get(name);
      const startS = second - (second % this.stepS);
      if (!buckets.has(startS)) buckets.set(startS, newBucket());
      return buckets.get(startS);
    }

    // Whether a group has a line of its own: the first ones that come, after those that the past named.
    admit(name) {
      if (this.groups.has(name)) return true;
      if (this.groups.size < SERIES_MAX) this.groups.set(name, new Map());
      else this.others = true;
      return this.groups.has(name);
    }

    // A job that completed or failed for good.
    finished(name, second, runMs) {
      if (second < this.eventsFromS) return; // the past has it
      this.told.set(second, (this.told.get(second) || 0) + 1);
      if (!name || !this.admit(name)) return; // a job that was lost may have no worker any more
      const bucket = this.bucket(name, second);
      bucket.finished++;
      if (runMs !== undefined && bucket.runs.length < RUNS_KEPT) bucket.runs.push(runMs);
    }

    // Busy and offered slots from the last look up to `second`: {name: [busy, offered]}; who is not named has none.
    levels(second, slots) {
      const from = Math.max(this.levelsFromS, this.eventsFromS, second - HELD_S);
      this.levelsFromS = second + 1;
      for (const [name, [busy]] of slots) if (busy) this.admit(name);
      for (let at = from; at <= second; at++) {
        for (const name of this.groups.keys()) this.addLevel(this.bucket(name, at), slots.get(name) || [0, 0]);
      }
    }

    addLevel(bucket, [busy, offered]) {
      bucket.busy += busy;
      bucket.offered += offered;
      bucket.seconds++;
    }

    // Hold the seconds that the hub has closed against its own numbers; `finishedIn(second)` gives those.
    verify(closedS, finishedIn) {
      while (!this.behind && this.knownUntilS < closedS) {
        const second = this.knownUntilS;
        this.behind = finishedIn(second) !== (this.told.get(second) || 0);
        if (this.behind) return;
        this.told.delete(second);
        this.knownUntilS++;
      }
      this.trim(closedS);
    }

    // The charts look back no further than to where the past was read for; what is over needs no single runs.
    trim(closedS) {
      const oldest = this.fromS + Math.max(0, closedS - this.eventsFromS) - this.stepS;
      for (const buckets of this.groups.values()) {
        for (const [startS, bucket] of buckets) {
          if (startS < oldest) buckets.delete(startS);
          else if (bucket.runs.length && startS + this.stepS <= this.knownUntilS) seal(bucket);
        }
      }
    }

    // A figure of a group over the buckets that start at `at` (ms); null where it is not known.
    column(name, figure, { at, offered }) {
      const buckets = this.groups.get(name);
      return at.map((startMs, index) => {
        if (!this.knows(startMs / 1000)) return null;
        return this.value(figure, buckets.get(startMs / 1000), startMs / 1000, offered[index]);
      });
    }

    // What the groups without a line did: the whole hub's columns (60_buckets.js) without those that have one.
    other(figure, columns) {
      const lines = this.names.map((name) => this.column(name, figure, columns));
      return columns.at.map((startMs, index) => {
        if (!this.knows(startMs / 1000) || columns.completed[index] === null) return null;
        if (lines.some((line) => line[index] === null)) return null;
        const named = lines.reduce((sum, line) => sum + line[index], 0);
        return Math.max(0, this.inAll(figure, columns, index) - named);
      });
    }

    inAll(figure, { completed, failed, busy, offered }, index) {
      if (figure === "finished") return completed[index] + failed[index];
      return offered[index] ? busy[index] / offered[index] : 0;
    }

    knows(startS) {
      return startS > this.fromS - this.stepS && startS < this.knownUntilS;
    }

    value(figure, bucket, startS, offeredInAll) {
      const { finished, busy, offered, seconds } = bucket || newBucket();
      if (figure === "finished") return finished / Math.min(this.stepS, this.knownUntilS - startS);
      if (figure === "run_p95") return bucket ? runP95(bucket) : null;
      if (!seconds && startS >= this.eventsFromS) return null; // nobody looked
      if (figure === "own_share") return offered ? Math.min(1, busy / offered) : null; // without slots it was not there
      return seconds && offeredInAll ? Math.min(1, busy / seconds / offeredInAll) : 0; // of everybody's slots
    }
  }

  // The past and the present of a bucket may both have some; the p95 of all is not above the higher one.
  function runP95({ runP95: past, runs }) {
    const present = p95(runs);
    return present === null || (past !== null && past > present) ? past : present;
  }

  function seal(bucket) {
    bucket.runP95 = runP95(bucket);
    bucket.runs = [];
  }

  window.jobhub.SplitSeries = SplitSeries;
})();
