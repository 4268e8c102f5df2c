// Figures by job type or worker: past and present join without a gap, and say when events are missing.
"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { load } = require("./pure.js");

const { SplitSeries } = load(["60_split"]);

// rows: {name: [[second, completed, run_p95_ms, busy_ms, offered_ms], ...]}
function past(rows = {}, { stepS = 2, closedS = 104, others = false } = {}) {
  const groups = Object.entries(rows).map(([name, given]) => ({
    name,
    at: given.map(([second]) => second * 1000),
    completed: given.map(([, completed]) => completed),
    failed: given.map(() => 0),
    run_p95_ms: given.map(([, , run]) => run),
    busy_ms: given.map(([, , , busy]) => busy),
    offered_ms: given.map(([, , , , offered]) => offered),
  }));
  return { step_s: stepS, closed_until: closedS * 1000, others, groups };
}

const all = (seconds, { completed = 0, busy = 0, offered = 0 } = {}) => ({
  at: seconds.map((second) => second * 1000),
  completed: seconds.map(() => completed),
  failed: seconds.map(() => 0),
  busy: seconds.map(() => busy),
  offered: seconds.map(() => offered),
});

test("a bucket that the past began goes on with events", () => {
  const split = new SplitSeries(past({ mail: [[102, 3, 50, 0, 0], [104, 1, 80, 0, 0]] }, { closedS: 105 }), 100);
  split.finished("mail", 104, 999); // the past has that second
  split.finished("mail", 105, 120);
  split.verify(106, (second) => (second === 105 ? 1 : 0));
  assert.deepEqual([...split.column("mail", "finished", all([102, 104]))], [1.5, 1]);
  assert.deepEqual([...split.column("mail", "run_p95", all([102, 104]))], [50, 120]);
});

test("nothing is told after a second whose events do not add up to what the hub counted", () => {
  const split = new SplitSeries(past({ mail: [] }), 100);
  split.finished("mail", 104, 10);
  split.finished("mail", 106, 10);
  split.verify(108, (second) => (second === 106 ? 2 : second === 104 ? 1 : 0));
  assert.equal(split.behind, true);
  assert.equal(split.knownUntilS, 106);
  assert.deepEqual([...split.column("mail", "finished", all([104, 106]))], [0.5, null]);
});

test("what was before the past was read is unknown, not zero", () => {
  const split = new SplitSeries(past({ mail: [] }), 102);
  assert.deepEqual([...split.column("mail", "finished", all([98, 100, 102]))], [null, null, 0]);
});

test("groups after the fifth are told together as what the named ones leave of the whole", () => {
  const split = new SplitSeries(past({ a: [[102, 2, 1, 0, 0]] }), 100);
  for (const name of ["b", "c", "d", "e", "f", "g"]) split.finished(name, 104, 5);
  split.verify(106, (second) => (second === 104 ? 6 : 0));
  assert.deepEqual([...split.names], ["a", "b", "c", "d", "e"]);
  assert.equal(split.others, true);
  assert.deepEqual([...split.other("finished", all([104], { completed: 3 }))], [1]);
});

test("a worker's share is of its own slots and a job type's of everybody's", () => {
  const split = new SplitSeries(past({ w1: [[102, 0, null, 1000, 4000]] }), 100);
  split.levels(104, new Map([["w1", [2, 4]]]));
  split.levels(105, new Map());
  split.verify(106, () => 0);
  const columns = all([102, 104], { busy: 1, offered: 8 });
  assert.deepEqual([...split.column("w1", "own_share", columns)], [0.25, 0.5]);
  assert.deepEqual([...split.column("w1", "share", columns)], [0.0625, 0.125]);
  assert.deepEqual([...split.other("share", columns)], [0.0625, 0]);
});

test("memory does not grow with the time that the page is open", () => {
  const split = new SplitSeries(past({ mail: [] }), 44);
  for (let second = 104; second < 404; second++) {
    split.finished("mail", second, second);
    split.verify(second, () => 1);
  }
  const buckets = [...split.groups.get("mail").values()];
  assert.ok(buckets.length <= 33, String(buckets.length));
  assert.ok(buckets.filter(({ runs }) => runs.length).length <= 2);
  assert.ok(split.told.size <= 2);
});
