"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { openPage, plain } = require("./page.js");
const { COUNTS, frame, job, moved, series, snapshot, worker } = require("./records.js");

function openStore(document = snapshot()) {
  const { jobhub, clock } = openPage();
  assert.equal(jobhub.store.fold(document), "folded");
  return { store: jobhub.store, state: jobhub.store.state, clock };
}

function ids(state, list) {
  return plain(state.lists[list].ids);
}

test("a job moves from list to list when its events come", () => {
  const { store, state } = openStore();
  const pending = job({ job_id: "a" });
  const running = { ...pending, status: "in_progress", rev: 3, assigned_at: 2000 };
  store.fold(frame(0, 1, [moved(1, pending, null)], { counts: { ...COUNTS, pending: 1 } }));
  assert.deepEqual(ids(state, "pending"), ["a"]);
  assert.equal(state.counts.pending, 1);
  store.fold(frame(1, 3, [moved(3, running, "pending")]));
  assert.deepEqual([ids(state, "pending"), ids(state, "active")], [[], ["a"]]);
  assert.equal(state.seq, 3);
});

test("a frame is refused when it does not continue the state", () => {
  const { store, state } = openStore(snapshot({ seq: 5 }));
  assert.equal(store.fold(frame(4, 6, [])), "gap");
  assert.equal(store.fold(frame(6, 7, [])), "gap");
  assert.equal(store.fold({ ...frame(5, 6, []), epoch: "e2" }), "gap");
  assert.equal(store.fold(frame(5, 4, [])), "gap");
  assert.equal(state.seq, 5);
  assert.equal(store.fold(frame(5, 5, [])), "folded");
});

test("an event changes nothing when its rev is not above the known one", () => {
  const { store, state } = openStore(snapshot({ jobs: { pending: { rows: [job({ job_id: "a", rev: 4 })] } } }));
  store.fold(frame(0, 1, [moved(1, job({ job_id: "a", rev: 4, status: "cancelled", finished_at: 9 }), "pending")]));
  assert.deepEqual(ids(state, "pending"), ["a"]);
});

test("a worker is taken when the hub had forgotten it and counts its revisions anew", () => {
  const { store, state } = openStore(snapshot({ workers: [worker({ worker_id: "w", rev: 9 })] }));
  const told = (record) => ({ seq: 1, type: "worker_connected", timestamp: 5, worker_id: "w", worker: record });
  store.fold(frame(0, 1, [told(worker({ worker_id: "w", rev: 8, slots: 7 }))]));
  assert.equal(state.workers.get("w").slots, 1);
  store.fold(frame(1, 2, [told(worker({ worker_id: "w", rev: 1, slots: 8, connected_at: 2000 }))]));
  assert.equal(state.workers.get("w").slots, 8);
});

test("progress folds into the record when the job is shown, and is ignored when it is old", () => {
  const row = job({ job_id: "a", status: "in_progress", assigned_at: 1, rev: 5 });
  const { store, state } = openStore(snapshot({ jobs: { active: { rows: [row] } } }));
  const progress = (rev, percent) => ({ seq: 1, type: "job_progress", timestamp: 7, job_id: "a", rev, percent, message: "m" });
  store.fold(frame(0, 1, [progress(7, 40)]));
  store.fold(frame(1, 2, [progress(6, 20)]));
  assert.deepEqual(plain(state.jobs.get("a").progress), { percent: 40, updated_at: 7, message: "m" });
  assert.equal(state.jobs.get("a").rev, 7);
});

test("a job leaves every list when the hub forgets it", () => {
  const row = job({ job_id: "a", status: "completed", finished_at: 5 });
  const { store, state } = openStore(snapshot({ jobs: { completed: { rows: [row] } } }));
  store.fold(frame(0, 1, [{ ...moved(1, { ...row, rev: 2 }, "completed"), new_status: null }]));
  assert.deepEqual(ids(state, "completed"), []);
  assert.equal(state.jobs.size, 0);
});

test("a job leaves a filtered list when it no longer matches", () => {
  const { store, state } = openStore();
  store.setFilters({ priority_range: [60, 100] });
  store.fold(snapshot({ jobs: { pending: { rows: [job({ job_id: "a", priority: 80 })] } } }));
  const lower = job({ job_id: "a", priority: 10, rev: 2 });
  store.fold(frame(0, 1, [{ ...moved(1, lower, "pending"), type: "job_updated" }]));
  assert.deepEqual(ids(state, "pending"), []);
});

test("a window message fills a truncated list and continues the chain", () => {
  const rows = [job({ job_id: "a" }), job({ job_id: "b" })];
  const { store, state } = openStore(snapshot({ jobs: { pending: { rows: rows.slice(0, 1), truncated: true } } }));
  const message = { type: "window", epoch: "e1", prev: 0, seq: 4, list: "pending", rows, truncated: false };
  assert.equal(store.fold(message), "folded");
  assert.deepEqual([ids(state, "pending"), state.lists.pending.truncated, state.seq], [["a", "b"], false, 4]);
  assert.equal(store.fold(message), "gap");
});

test("a snapshot replaces everything when the epoch is new", () => {
  const { store, state } = openStore(snapshot({ jobs: { pending: { rows: [job({ job_id: "a", rev: 50 })] } } }));
  store.fold(frame(0, 1, [moved(1, job({ job_id: "x" }), null)]));
  store.fold(snapshot({ epoch: "e2", seq: 2, jobs: { pending: { rows: [job({ job_id: "a", rev: 1 })] } } }));
  assert.deepEqual([ids(state, "pending"), state.jobs.get("a").rev, state.log.length], [["a"], 1, 0]);
});

test("the log keeps 500 events and neither progress nor figures when many come", () => {
  const { store, state } = openStore();
  for (let seq = 1; seq <= 700; seq++) {
    const event = seq % 2 ? moved(seq, job({ job_id: "j" + seq }), null) : { seq, type: "job_progress", timestamp: 1, job_id: "j", rev: 1 };
    store.fold(frame(seq - 1, seq, [event, moved(seq, job({ job_id: "k" + seq }), null)]));
  }
  assert.equal(state.log.length, 500);
  assert.ok(state.log.every((event) => event.type !== "job_progress"));
  assert.equal(state.log.at(-1).seq, 700);
});

test("a queue's length follows the moves between two exact reports", () => {
  const { store, state } = openStore();
  store.fold(frame(0, 1, [moved(1, job({ job_id: "a", job_type: "t" }), null)]));
  assert.equal(state.queues.get("t").pending, 1);
  store.fold(frame(1, 2, [moved(2, job({ job_id: "a", job_type: "t", rev: 2, status: "assigned", assigned_at: 1 }), "pending")]));
  assert.equal(state.queues.get("t").pending, 0);
});

test("a queue's length is right again when the second's figures bring it", () => {
  const { store, state } = openStore(snapshot({ queues: [{ job_type: "t", paused: true, pending: 9, oldest_pending_at: 1, unworkable: [] }] }));
  const queues = [{ job_type: "u", pending: 3, oldest_pending_at: 77 }];
  store.fold(frame(0, 1, [{ seq: 1, type: "system_stats", timestamp: 5, second: 1, queues }]));
  assert.deepEqual(plain([...state.queues.values()]), [
    { job_type: "t", paused: true, pending: 0, oldest_pending_at: null, unworkable: [] },
    { job_type: "u", paused: false, pending: 3, oldest_pending_at: 77, unworkable: [] },
  ]);
});

test("the series keeps an hour and joins a snapshot when nothing is missing between", () => {
  const { store, state } = openStore(snapshot({ timestamp: 1_000_000, series: series([900, 1000]) }));
  const second = (at) => ({ seq: 1, type: "system_stats", timestamp: at * 1000, second: at, completed: 3, busy: 1.5, wait: null, run: { p50: 1, p95: 2, p99: 3 } });
  store.fold(frame(0, 1, [second(1001), second(1001)]));
  assert.deepEqual(plain(state.series.second), [900, 1000, 1001]);
  assert.deepEqual([state.series.completed[2], state.series.wait_p50[2], state.series.run_p99[2]], [3, null, 3]);
  store.fold(snapshot({ seq: 9, timestamp: 1_550_000, series: series([1001, 1500]) }));
  assert.deepEqual(plain(state.series.second), [900, 1001, 1500]);
  store.fold(snapshot({ seq: 10, timestamp: 9_000_000, series: series([8999]) }));
  assert.deepEqual(plain(state.series.second), [8999]);
  for (let at = 9000; at < 13_000; at++) store.fold(frame(10, 10, [second(at)]));
  assert.equal(state.series.second.length, 3600);
});
