"use strict";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { openPage, plain } = require("./page.js");
const { frame, job, moved, snapshot } = require("./records.js");

function openStore() {
  const { jobhub, clock } = openPage();
  jobhub.store.fold(snapshot());
  return { store: jobhub.store, clock };
}

function submit(store, seq) {
  store.fold(frame(seq - 1, seq, [moved(seq, job({ job_id: "j" + seq }), null)]));
}

test("the first event of a quiet period is drawn in the next frame, the others at the pace asked for", () => {
  const { store, clock } = openStore();
  const drawnAt = [];
  store.subscribe("pending", () => drawnAt.push(clock.ms), { everyMs: 200 });
  clock.paint();
  clock.pass(5000);
  drawnAt.length = 0;
  const start = clock.ms;
  for (let seq = 1; seq <= 50; seq++) {
    submit(store, seq);
    clock.paint();
    clock.pass(10);
  }
  clock.pass(1000);
  assert.deepEqual(drawnAt.map((at) => at - start), [0, 192, 384, 576]);
});

test("nothing is drawn and no timer runs when nothing happens", () => {
  const { store, clock } = openStore();
  let draws = 0;
  store.subscribe("counts", () => draws++);
  clock.paint();
  const timers = clock.timers.size;
  clock.pass(10_000);
  assert.deepEqual([draws, clock.timers.size, clock.frames.length], [1, timers, 0]);
});

test("a hidden tab draws everything at once when it is shown again", () => {
  const { store, clock } = openStore();
  const seen = [];
  store.subscribe("pending", (state, changed) => seen.push([...changed.added].length));
  clock.paint();
  const paint = clock.paint;
  clock.paint = () => {}; // no animation frame comes in a hidden tab
  for (let seq = 1; seq <= 80; seq++) submit(store, seq);
  clock.pass(60_000);
  assert.deepEqual(seen, [0]);
  clock.paint = paint;
  clock.paint();
  assert.deepEqual(seen, [0, 80]);
});

test("what is remembered for a hidden tab is never more than the window when events go on for hours", () => {
  const { store, clock } = openStore();
  let told = null;
  store.subscribe("pending", (state, { added, updated, removed }) => {
    told = added.size + updated.size + removed.size;
  });
  for (let seq = 1; seq <= 5000; seq++) submit(store, seq);
  clock.paint();
  assert.equal(told, 100);
});

test("other widgets are drawn when one fails", () => {
  const { store, clock } = openStore();
  const { error } = console;
  console.error = () => {};
  let drawn = 0;
  store.subscribe("counts", () => {
    throw new Error("broken widget");
  });
  store.subscribe("counts", () => drawn++);
  clock.paint();
  console.error = error;
  assert.equal(drawn, 1);
});

test("a widget that comes late is told of every row that is there", () => {
  const { store, clock } = openStore();
  submit(store, 1);
  submit(store, 2);
  let added = null;
  const unsubscribe = store.subscribe("pending", (state, changed) => (added = [...changed.added]));
  clock.paint();
  assert.deepEqual(plain(added), ["j1", "j2"]);
  unsubscribe();
  added = null;
  submit(store, 3);
  clock.pass(1000);
  assert.equal(added, null);
});

test("tick comes each second when nothing happens", () => {
  const { store, clock } = openStore();
  let ticks = -1; // the first draw comes at once
  store.subscribe("tick", () => ticks++);
  clock.paint();
  clock.pass(5000);
  assert.equal(ticks, 5);
});
