// How figures are written, gathered into buckets, and drawn on axes.
"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./pure.js");

const theme = { colour: () => "#000000", faded: () => "rgba(0,0,0,0.1)" };
const { format, buckets, sparkline } = load(["20_", "60_", "62_"]);
const { Trend } = load(["72_trend"]);
const { chartFigure } = load(["20_", "64_"], { theme });

const COLUMNS = [
  "second", "submitted", "started", "completed", "failed", "cancelled", "busy", "offered",
  "wait_p50", "wait_p95", "wait_p99", "run_p50", "run_p95", "run_p99",
];

// rows: {second, completed, ...}; what is not named is 0, of percentiles null.
function series(rows, completeFrom = 0) {
  const made = { complete_from: completeFrom };
  for (const name of COLUMNS) {
    made[name] = rows.map((row) => row[name] ?? (name.includes("_p") ? null : 0));
  }
  return made;
}

test("a span is written in the unit that a person would use", () => {
  const written = [0, 0.4, 8, 999, 1234, 59_400, 200_000, 7_500_000, 200_000_000].map(format.span);
  assert.deepEqual(written, ["0 ms", "0.4 ms", "8 ms", "999 ms", "1.2 s", "59 s", "3:20 min", "2:05 h", "2.3 d"]);
  assert.equal(format.span(null), "–");
});

test("a rate and a share keep what matters of small values", () => {
  assert.deepEqual([0, 0.04, 0.5, 6.34, 128.4, 1204].map(format.rate), ["0", "0.04", "0.5", "6.3", "128", "1,204"]);
  assert.deepEqual([0, 0.0004, 0.034, 0.5, 1].map(format.percent), ["0", "<0.1", "3.4", "50", "100"]);
});

test("an age does not run backwards when clocks differ", () => {
  assert.equal(format.age(-400), "0 s");
});

test("counts are per second and seconds without an entry are zero", () => {
  const given = series([{ second: 100, completed: 4 }, { second: 103, completed: 2 }]);
  const { at, completed } = buckets.gather(given, 100, 106, 2);
  assert.deepEqual([...at], [100_000, 102_000, 104_000]);
  assert.deepEqual([...completed], [2, 1, 0]);
});

test("busy and offered slots hold on through seconds without an entry", () => {
  const given = series([{ second: 99, busy: 2, offered: 4 }, { second: 101, busy: 4, offered: 4 }]);
  const { busy, offered } = buckets.gather(given, 100, 104, 2);
  assert.deepEqual([...busy], [3, 4]);
  assert.deepEqual([...offered], [4, 4]);
});

test("a percentile of a bucket is the highest of its seconds, never their mean", () => {
  const given = series([{ second: 100, wait_p95: 10 }, { second: 101, wait_p95: 90 }]);
  assert.deepEqual([...buckets.gather(given, 100, 104, 2).wait_p95], [90, null]);
});

test("what was before the store began is unknown, not zero", () => {
  const given = series([{ second: 104, completed: 2 }], 104);
  assert.deepEqual([...buckets.gather(given, 100, 106, 2).completed], [null, null, 1]);
});

test("the last bucket is a rate of the seconds that it has", () => {
  const given = series([{ second: 100, completed: 6 }]);
  assert.deepEqual([...buckets.gather(given, 100, 101, 5).completed], [6]);
});

test("one bucket over the last seconds needs no alignment", () => {
  const given = series([{ second: 993, completed: 5 }, { second: 1002, completed: 5 }]);
  assert.equal(buckets.last(given, 1003, 10).completed, 1);
});

test("a second that may still be told is not drawn as zero", () => {
  const given = series([{ second: 100, completed: 1 }]);
  assert.equal(buckets.endSecond(given, 102_400), 101);
  assert.equal(buckets.endSecond(given, 109_900), 108);
});

test("the top of an axis is round and above every value", () => {
  for (const value of [0, 0.3, 1, 7.9, 11, 99, 1234]) {
    const top = chartFigure.niceTop(value, 4);
    assert.ok(top > value, value + " " + top);
    assert.ok(top <= Math.max(1, value * 2), value + " " + top);
  }
});

test("ticks of time are round and fit the width", () => {
  const { tickvals, ticktext } = chartFigure.timeTicks([1_000_000, 1_300_000], 400);
  assert.ok(tickvals.length >= 2 && tickvals.length <= 6);
  assert.ok(tickvals.every((at) => at % 60_000 === 0));
  assert.equal(tickvals.length, ticktext.length);
});

test("a chart knows only numbers and words of ours", () => {
  const options = { traces: [{ column: "utilisation", label: "Busy", colour: "x", fill: true }], axis: "share" };
  const columns = { at: [1000, 2000], busy: [1, null], offered: [2, null] };
  const { data, layout } = chartFigure.build(options, columns, [0, 3000], 300);
  assert.deepEqual([...data[0].y], [0.5, null]);
  assert.equal(layout.hovermode, false);
  assert.equal(layout.uirevision, "live");
});

test("a sparkline breaks where a value is unknown", () => {
  const runs = sparkline.paths([1, 2, null, 3, 4]);
  assert.equal(runs.length, 2);
});

test("a backlog tells when it is empty only while it shrinks", () => {
  const shrinking = new Trend();
  for (let second = 0; second <= 20; second++) shrinking.tell(second, 100 - 2 * second);
  assert.equal(shrinking.drainMs, 30_000);
  const growing = new Trend();
  for (let second = 0; second <= 20; second++) growing.tell(second, 10 + second);
  assert.equal(growing.drainMs, Infinity);
  assert.equal(growing.slope, 1);
});

test("a backlog that was seen for a moment has no trend", () => {
  const trend = new Trend();
  trend.tell(0, 100);
  trend.tell(5, 50);
  assert.equal(trend.drainMs, null);
});
