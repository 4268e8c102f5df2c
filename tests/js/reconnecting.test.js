"use strict";
// When the stream gives a link up, comes back, or stays away, and what it says of the link meanwhile.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { URL, open, openLive, reconnect, settle } = require("./fake_hub.js");
const { openPage } = require("./page.js");
const { frame, job, moved, snapshot } = require("./records.js");

test("the stream comes back and resumes when the connection drops", async () => {
  for (const code of [1006, 1012, 4008, 4009, 4499]) {
    const page = await openLive();
    page.socket.say(frame(5, 9, []));
    page.socket.end(code);
    assert.equal(page.stream.status.state, "stale");
    const second = await reconnect(page);
    assert.deepEqual(second.sent[0].resume, { epoch: "e1", seq: 9, short: [] });
    second.say({ type: "subscription_confirmed", topics: [], filters: {}, epoch: "e1", seq: 9 });
    second.say({ type: "resumed", epoch: "e1", seq: 9 });
    assert.deepEqual([page.stream.status.state, page.stream.status.reconnects], ["live", 1]);
  }
});

test("nothing reconnects and the reason is shown when the code forbids it", async () => {
  for (const code of [4500, 4503, 4504, 4999]) {
    const page = await openLive();
    page.socket.end(code, "send a token");
    page.clock.pass(600_000);
    await settle();
    assert.equal(page.sockets.length, 1);
    assert.deepEqual([page.stream.status.state, page.stream.status.reason], ["disconnected", "send a token"]);
  }
});

test("nothing reconnects after a manual disconnect, whatever the network says", async () => {
  const page = await openLive();
  page.stream.disconnect();
  assert.ok(page.socket.closed);
  page.socket.end(1006);
  page.stream.hurry();
  page.clock.pass(600_000);
  await settle();
  assert.equal(page.sockets.length, 1);
  assert.equal(page.stream.status.state, "disconnected");
});

test("nothing reconnects when the disconnect comes while an attempt waits", async () => {
  const page = await openLive();
  page.socket.end(1006);
  page.stream.disconnect();
  page.clock.pass(600_000);
  await settle();
  assert.equal(page.sockets.length, 1);
});

test("the state is stale since the last frame when no bookmark comes", async () => {
  const page = await openLive();
  page.clock.pass(9_000);
  page.socket.say({ type: "heartbeat_ack", server_timestamp: 1 });
  page.socket.say(frame(5, 5, []));
  const heard = 1_000_000 + page.clock.ms;
  for (let second = 0; second < 22; second++) {
    page.clock.pass(1000);
    if (!page.socket.closed) page.socket.say({ type: "heartbeat_ack", server_timestamp: 1 });
  }
  assert.equal(page.stream.status.state, "stale");
  assert.equal(page.stream.status.since, heard);
});

test("a link that answers no heartbeat is given up when 15 seconds passed", async () => {
  const page = await openLive();
  for (let second = 0; second < 20; second++) {
    page.clock.pass(1000);
    if (!page.socket.closed) page.socket.say(frame(5, 5, []));
  }
  assert.ok(page.socket.closed);
});

test("a slow link is waited for when a snapshot crawls over it", async () => {
  const page = open();
  page.stream.connect(URL);
  await settle();
  page.sockets[0].onopen();
  page.clock.pass(140_000);
  assert.equal(page.sockets[0].closed, false);
  page.sockets[0].say(snapshot({ seq: 1 }));
  assert.equal(page.stream.status.state, "live");
});

test("the event latency uses the clock of the hub when heartbeats tell it", async () => {
  const page = await openLive();
  assert.equal(page.socket.asked("heartbeat").length, 1);
  page.clock.ms += 20; // the round trip
  page.socket.say({ type: "heartbeat_ack", server_timestamp: 1_000_000 + page.clock.ms - 10 + 5_000 });
  const event = { ...moved(6, job({ job_id: "a" }), null), timestamp: 1_000_000 + page.clock.ms + 5_000 - 40 };
  page.socket.say(frame(5, 6, [event]));
  page.clock.pass(1000);
  assert.equal(page.store.state.clockOffsetMs, 5_000);
  assert.equal(page.stream.status.latencyMs, 40);
});

test("the waits double up to a quarter of a minute and are spread by chance", () => {
  const { jobhub } = openPage();
  const waits = [0, 1, 2, 3, 4, 5, 9, 100].map((failures) => jobhub.backoffMs(failures, () => 1));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  assert.equal(jobhub.backoffMs(2, () => 0), 1000);
});
