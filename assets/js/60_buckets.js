// The seconds of the store, gathered into the steps of a chart. Pure.
//
// A second without an entry had no changes: its counts are zero, its percentiles unknown, and busy and
// offered slots hold on. Percentiles are never averaged: a bucket shows the highest of its seconds, which
// the percentile of the whole bucket cannot exceed.
(function () {
  "use strict";
  const COUNTS = ["submitted", "started", "completed", "failed", "cancelled"];
  const LEVELS = ["busy", "offered"];
  const PERCENTILES = ["wait_p50", "wait_p95", "wait_p99", "run_p50", "run_p95", "run_p99"];
  const STEPS_S = { 60: 1, 300: 2, 900: 5, 3600: 20 };

  // The first place in `seconds` whose second is not before `second`.
  function placeOf(seconds, second) {
    let low = 0;
    let high = seconds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seconds[middle] < second) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Columns over [firstS, endS), one entry a step: `at` in ms, counts per second, percentiles in ms,
  // levels as means. What the store does not know (before complete_from) is null.
  function gather(series, firstS, endS, stepS) {
    const columns = { at: [] };
    for (const name of [...COUNTS, ...LEVELS, ...PERCENTILES]) columns[name] = [];
    let place = placeOf(series.second, firstS);
    let levels = levelsBefore(series, place);
    for (let startS = firstS; startS < endS; startS += stepS) {
      const untilS = Math.min(startS + stepS, endS);
      const bucket = newBucket();
      if (untilS <= series.complete_from) bucket.unknown = true;
      let filledS = startS;
      while (place < series.second.length && series.second[place] < untilS) {
        hold(bucket, levels, series.second[place] - filledS);
        add(bucket, series, place);
        levels = { busy: series.busy[place], offered: series.offered[place] };
        filledS = series.second[place] + 1;
        place++;
      }
      hold(bucket, levels, untilS - filledS);
      write(columns, bucket, startS, untilS - startS);
    }
    return columns;
  }

  function levelsBefore(series, place) {
    if (place === 0) return { busy: 0, offered: 0 };
    return { busy: series.busy[place - 1], offered: series.offered[place - 1] };
  }

  function newBucket() {
    const bucket = { unknown: false };
    for (const name of [...COUNTS, ...LEVELS]) bucket[name] = 0;
    for (const name of PERCENTILES) bucket[name] = null;
    return bucket;
  }

  function add(bucket, series, place) {
    for (const name of [...COUNTS, ...LEVELS]) bucket[name] += series[name][place];
    for (const name of PERCENTILES) {
      const value = series[name][place];
      if (value !== null && (bucket[name] === null || value > bucket[name])) bucket[name] = value;
    }
  }

  function hold(bucket, levels, seconds) {
    if (seconds <= 0) return;
    bucket.busy += levels.busy * seconds;
    bucket.offered += levels.offered * seconds;
  }

  function write(columns, bucket, startS, seconds) {
    columns.at.push(startS * 1000);
    for (const name of [...COUNTS, ...LEVELS]) columns[name].push(bucket.unknown ? null : bucket[name] / seconds);
    for (const name of PERCENTILES) columns[name].push(bucket[name]);
  }

  // One bucket over the last `seconds` before endS.
  function last(series, endS, seconds) {
    const bucket = {};
    for (const [name, [value]] of Object.entries(gather(series, endS - seconds, endS, seconds))) bucket[name] = value;
    return bucket;
  }

  // The last second before which nothing more can come: `nowMs` of the hub's clock. A second is told
  // within the next one; what was told may be newer than that.
  function endSecond(series, nowMs) {
    const told = series.second.length ? series.second[series.second.length - 1] + 1 : 0;
    return Math.max(told, Math.floor(nowMs / 1000) - 1);
  }

  window.jobhub.buckets = { gather, last, endSecond, placeOf, STEPS_S };
})();
