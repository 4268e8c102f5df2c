"use strict";
// The lists against a naive model: every job in one map, each list sorted and cut anew at every look.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { openPage, plain } = require("./page.js");
const { LISTS, frame, job, moved, snapshot } = require("./records.js");

const STATUSES = ["scheduled", "pending", "assigned", "in_progress", "completed", "failed", "cancelled", null];
const LIST_OF = { assigned: "active", in_progress: "active" };

// Small and seeded, so that a failure can be seen again (mulberry32).
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Model {
  constructor(windows) {
    this.windows = windows;
    this.jobs = new Map();
  }

  rows(list) {
    const rows = [...this.jobs.values()].filter((row) => (LIST_OF[row.status] || row.status) === list);
    const text = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    const by = {
      pending: (a, b) => b.priority - a.priority || text(a.order_key, b.order_key) || text(a.job_id, b.job_id),
      scheduled: (a, b) => a.run_at - b.run_at || text(a.job_id, b.job_id),
      active: (a, b) => a.assigned_at - b.assigned_at || text(a.job_id, b.job_id),
    };
    return rows.sort(by[list] || ((a, b) => b.finished_at - a.finished_at || text(b.job_id, a.job_id)));
  }

  window(list) {
    const rows = this.rows(list);
    return { rows: rows.slice(0, this.windows(list)), truncated: rows.length > this.windows(list) };
  }
}

function change(random, model, at) {
  const id = "j" + Math.floor(random() * 700);
  const known = model.jobs.get(id);
  const status = STATUSES[Math.floor(random() * STATUSES.length)];
  if (status === null && !known) return null;
  const record = job({
    job_id: id,
    rev: known ? known.rev + 1 : 1,
    status: status || known.status,
    priority: [0, 50, 50, 90][Math.floor(random() * 4)],
    order_key: String(Math.floor(random() * 40)).padStart(4, "0"),
    run_at: Math.floor(at / 3),
    assigned_at: Math.floor(at / 3),
    finished_at: Math.floor(at / 3),
  });
  if (status === null) model.jobs.delete(id);
  else model.jobs.set(id, record);
  return { ...moved(at, record, known ? known.status : null), new_status: status };
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`lists equal a naive model when ${seed} seeds thousands of random moves`, () => {
    const { jobhub } = openPage();
    const random = seeded(seed);
    const model = new Model(jobhub.windowOf);
    const { store } = jobhub;
    const { state } = store;
    const everything = (seq) => snapshot({ seq, jobs: Object.fromEntries(LISTS.map((name) => [name, model.window(name)])) });
    store.fold(everything(0));
    for (let seq = 1; seq <= 4000; seq++) {
      const event = change(random, model, seq);
      assert.equal(store.fold(frame(seq - 1, seq, event ? [event] : [])), "folded");
      if (random() < 0.01) {
        const list = LISTS[Math.floor(random() * LISTS.length)];
        store.fold({ type: "window", epoch: "e1", prev: seq, seq, list, ...model.window(list) });
      }
      if (random() < 0.01) {
        for (let missed = 0; missed < 30; missed++) change(random, model, seq);
        store.fold(everything(seq));
      }
      if (seq % 20 === 0) compare(state, model);
    }
  });
}

function compare(state, model) {
  let shown = 0;
  for (const list of LISTS) {
    const { ids, truncated } = state.lists[list];
    const rows = model.rows(list);
    assert.ok(ids.length <= model.windows(list));
    // A truncated list is the head of the true one, however long; another one is all of it.
    const expected = truncated ? rows.slice(0, ids.length) : rows;
    assert.deepEqual(plain(ids.map((id) => state.jobs.get(id))), plain(expected), list);
    shown += ids.length;
  }
  assert.equal(state.jobs.size, shown, "a job outside every window is dropped");
}

test("what changed is told as the difference between two drawings when rows come and go", () => {
  const { jobhub, clock } = openPage();
  const { store } = jobhub;
  store.fold(snapshot());
  const drawn = new Set();
  store.subscribe("active", (state, { added, updated, removed }) => {
    for (const id of removed) assert.ok(drawn.delete(id), "removed what was never added");
    for (const id of added) {
      assert.ok(!drawn.has(id), "added twice");
      drawn.add(id);
    }
    for (const id of updated) assert.ok(drawn.has(id), "updated what is not there");
    assert.deepEqual([...drawn].sort(), plain(state.lists.active.ids).sort());
  });
  const random = seeded(9);
  const model = new Model(jobhub.windowOf);
  for (let seq = 1; seq <= 3000; seq++) {
    const event = change(random, model, seq);
    store.fold(frame(seq - 1, seq, event ? [event] : []));
    if (random() < 0.05) clock.pass(Math.floor(random() * 200));
  }
  clock.pass(1000);
  assert.deepEqual([...drawn].sort(), plain(store.state.lists.active.ids).sort());
});

test("a followed job stays in memory when no list shows it, until nobody follows it", () => {
  const { jobhub } = openPage();
  const { store } = jobhub;
  store.fold(snapshot({ jobs: { completed: { rows: [], truncated: true } } }));
  const unfollow = store.subscribe("job:a", () => {});
  store.fold(frame(0, 1, [moved(1, job({ job_id: "a", status: "completed", finished_at: 1 }), "in_progress")]));
  assert.equal(store.state.jobs.get("a").status, "completed");
  unfollow();
  unfollow();
  assert.equal(store.state.jobs.size, 0);
});

test("a list is hollow when more than a tenth of its rows left and no window came", () => {
  const { jobhub } = openPage();
  const rows = [..."abcdefghij"].map((job_id) => job({ job_id }));
  jobhub.store.fold(snapshot({ jobs: { pending: { rows, truncated: true } } }));
  const gone = (seq, row) => frame(seq - 1, seq, [moved(seq, { ...row, rev: 2, status: "cancelled", finished_at: seq }, "pending")]);
  jobhub.store.fold(gone(1, rows[0]));
  assert.equal(jobhub.store.isHollow(), false);
  jobhub.store.fold(gone(2, rows[1]));
  assert.equal(jobhub.store.isHollow(), true);
});
