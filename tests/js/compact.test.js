"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { openPage, plain } = require("./page.js");
const { COUNTS, job, snapshot, worker } = require("./records.js");

function openStore(document) {
  const { jobhub } = openPage();
  assert.equal(jobhub.store.fold(document), "folded");
  return { store: jobhub.store, state: jobhub.store.state };
}

function compact(prev, seq, fields) {
  return { type: "events", prev, seq, events: [], ...fields };
}

function change(seq, job_id, new_status, changed) {
  return { seq, type: "job_status_changed", timestamp: 1_000_000 + seq, job_id, new_status, change: changed };
}

const RUNNING = job({ job_id: "a", status: "in_progress", assigned_at: 1, worker_id: "w", rev: 5, progress: { percent: 1, updated_at: 9 } });

test("a record is whole when its event carried what changed", () => {
  const { store, state } = openStore(snapshot({ jobs: { active: { rows: [RUNNING] } } }));
  const done = { rev: 7, finished_at: 3000, worker_id: null, progress: { percent: 100, updated_at: 2900 } };
  assert.equal(store.fold(compact(0, 2, { events: [change(2, "a", "completed", done)] })), "folded");
  const { worker_id, ...shown } = { ...RUNNING, ...done, status: "completed" };
  assert.deepEqual(plain(state.jobs.get("a")), shown);
  assert.deepEqual(plain(state.lists.completed.ids), ["a"]);
  assert.equal(state.log.at(-1).old_status, "in_progress");
});

test("progress is gone when a change does not say it", () => {
  const { store, state } = openStore(snapshot({ jobs: { active: { rows: [RUNNING] } } }));
  store.fold(compact(0, 2, { events: [change(2, "a", "pending", { rev: 6, assigned_at: null })] }));
  assert.equal(state.jobs.get("a").progress, undefined);
  assert.equal(state.jobs.get("a").assigned_at, undefined);
});

test("rows of progress fold like events", () => {
  const { store, state } = openStore(snapshot({ jobs: { active: { rows: [RUNNING] } } }));
  const progress = [["a", 7, 40, 200, { message: "m" }], ["b", 2, 1, 0]];
  store.fold(compact(0, 3, { at: 5000, progress }));
  assert.deepEqual(plain(state.jobs.get("a").progress), { percent: 40, updated_at: 4800, message: "m" });
});

test("a worker's jobs follow when only those that went and came are told", () => {
  const row = worker({ worker_id: "w", job_ids: ["a", "b", "c"], slots: 3 });
  const { store, state } = openStore(snapshot({ workers: [row] }));
  const told = (worker_id, changed) => {
    return { seq: 1, type: "worker_status_changed", timestamp: 5, worker_id, new_status: "busy", change: changed };
  };
  const moved = { rev: 2, job_ids: { gone: ["b"], come: ["d"] } };
  store.fold(compact(0, 1, { events: [told("w", moved), told("unknown", { rev: 4 })] }));
  assert.deepEqual(plain(state.workers.get("w").job_ids), ["a", "c", "d"]);
  assert.equal(state.workers.get("w").status, "busy");
  assert.equal(state.workers.size, 1);
});

test("counts keep what did not change, and follow figures that run ahead", () => {
  const { store, state } = openStore(snapshot({ counts: { ...COUNTS, pending: 3, kept: 2 } }));
  store.fold(compact(0, 1, { counts: { pending: 4 } }));
  assert.deepEqual([state.counts.pending, state.counts.kept], [4, 2]);
  const second = { seq: 9, type: "system_stats", timestamp: 2000, second: 1, counts: { pending: 8, completed: 1 } };
  store.fold(compact(1, 1, { events: [second] }));
  assert.deepEqual([state.counts.pending, state.counts.completed, state.counts.kept], [8, 1, 0]);
  assert.deepEqual([state.seq, state.stats.failed, state.stats.wait], [1, 0, null]);
});

test("lists that come whole replace what moved behind them", () => {
  const old = job({ job_id: "old", status: "completed", finished_at: 1 });
  const { store, state } = openStore(snapshot({ jobs: { active: { rows: [RUNNING] }, completed: { rows: [old] } } }));
  let drawn = 0;
  store.subscribe("job:old", () => drawn++);
  const done = { ...RUNNING, status: "completed", rev: 8, finished_at: 7 };
  const lists = { active: { rows: [], truncated: false }, completed: { rows: [done], truncated: true } };
  store.fold(compact(0, 90, { lists, counts: { completed: 90 } }));
  assert.deepEqual([plain(state.lists.active.ids), plain(state.lists.completed.ids)], [[], ["a"]]);
  assert.equal(state.jobs.has("old"), false, "a followed job that no list shows may have moved unseen");
  assert.equal(state.jobs.get("a").rev, 8);
});

test("a change of a job that is not shown fails, so that the stream starts over", () => {
  const { store } = openStore(snapshot());
  assert.throws(() => store.fold(compact(0, 1, { events: [change(1, "x", "completed", { rev: 2 })] })));
});

test("a frame is refused when it does not continue, with or without its epoch", () => {
  const { store } = openStore(snapshot({ seq: 5 }));
  assert.equal(store.fold(compact(4, 6, {})), "gap");
  assert.equal(store.fold(compact(5, 6, { epoch: "e2" })), "gap");
  assert.equal(store.fold(compact(5, 6, {})), "folded");
});
