"use strict";
// The stream against a hub that the test plays: what makes it live, and what it asks for when events are missing.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { URL, open, openLive, reconnect, settle } = require("./fake_hub.js");
const { frame, job, moved, snapshot } = require("./records.js");

test("nothing connects when nobody asked", async () => {
  const { sockets, clock, stream } = open();
  clock.pass(100_000);
  await settle();
  assert.equal(sockets.length, 0);
  assert.equal(stream.status.state, "disconnected");
});

test("the stream is live when it is as far as the hub was at the confirmation", async () => {
  const { stream, sockets } = open();
  stream.connect(URL + "/");
  await settle();
  assert.equal(stream.status.state, "connecting");
  assert.equal(sockets[0].url, "ws://hub:8000/ws/monitor");
  sockets[0].onopen();
  assert.deepEqual(sockets[0].sent.map((message) => message.type), ["monitor_connect", "subscribe"]);
  sockets[0].say({ type: "subscription_confirmed", topics: [], filters: {}, epoch: "e1", seq: 7 });
  sockets[0].say(snapshot({ seq: 5 }));
  assert.equal(stream.status.state, "catching_up");
  sockets[0].say(frame(5, 7, []));
  assert.deepEqual([stream.status.state, stream.status.subscribed], ["live", true]);
});

test("a connection resumes from the state on the screen when it was read by the server", async () => {
  const { stream, store, sockets } = open();
  store.fold(snapshot({ seq: 3 }));
  stream.connect(URL);
  await settle();
  sockets[0].onopen();
  assert.deepEqual(sockets[0].sent[0].resume, { epoch: "e1", seq: 3, short: [] });
});

test("a connection says which lists lack rows when it resumes", async () => {
  const page = await openLive();
  const some = [job({ job_id: "a" })];
  page.socket.say({ type: "window", epoch: "e1", prev: 5, seq: 5, list: "pending", rows: some, truncated: true });
  page.socket.say({ type: "window", epoch: "e1", prev: 5, seq: 5, list: "scheduled", rows: some, truncated: false });
  page.socket.end(1006);
  const second = await reconnect(page);
  assert.deepEqual(second.sent[0].resume, { epoch: "e1", seq: 5, short: ["pending"] });
});

test("a missed frame is noticed and asked for when the next one does not continue", async () => {
  const { stream, store, socket } = await openLive();
  socket.say(frame(6, 7, [moved(7, job({ job_id: "a" }), null)]));
  assert.deepEqual(socket.asked("resync_request"), [{ type: "resync_request", epoch: "e1", seq: 5, short: [] }]);
  assert.deepEqual([stream.status.state, stream.status.resyncs], ["catching_up", 1]);
  socket.say(frame(7, 8, []));
  assert.equal(store.state.seq, 5, "frames from before the answer are of no use");
  socket.say({ type: "resumed", epoch: "e1", seq: 5 });
  socket.say(frame(5, 8, [moved(6, job({ job_id: "a" }), null)]));
  assert.deepEqual([stream.status.state, store.state.seq, stream.status.resyncs], ["live", 8, 1]);
});

test("the stream starts from a snapshot when resyncs do not help", async () => {
  const page = await openLive();
  for (let n = 0; n < 4; n++) {
    page.socket.say(frame(90, 91, []));
    page.socket.say({ type: "resumed", epoch: "e1", seq: 5 });
  }
  assert.ok(page.socket.closed);
  const second = await reconnect(page);
  assert.equal(second.sent[0].resume, undefined);
});

test("the stream starts from a snapshot when a message fails halfway", async () => {
  const page = await openLive();
  const { error } = console;
  console.error = () => {};
  page.socket.say(frame(5, 6, [{ seq: 6, type: "worker_connected", timestamp: 1, worker: {} }, null]));
  console.error = error;
  assert.ok(page.socket.closed);
  const second = await reconnect(page);
  assert.equal(second.sent[0].resume, undefined);
});

test("a snapshot comes under the new filters when the subscription changes", async () => {
  const page = await openLive();
  page.stream.subscribe(["jobs"], { job_types: ["mail"] });
  assert.deepEqual(page.socket.asked("subscribe").at(-1).filters, { job_types: ["mail"] });
  page.socket.say(frame(5, 6, [moved(6, job({ job_id: "a", job_type: "other" }), null)]));
  assert.equal(page.store.state.seq, 5, "frames of the old subscription are of no use");
  page.socket.say({ type: "subscription_confirmed", topics: [], filters: {}, epoch: "e1", seq: 6 });
  page.socket.say(snapshot({ seq: 6 }));
  page.socket.end(1006);
  const second = await reconnect(page);
  assert.deepEqual(second.sent[0].resume, { epoch: "e1", seq: 6, short: [] });
});

// A list loses its rows, and 30 seconds pass in which the hub answers every heartbeat so many seconds later.
async function hollowFor30s(answerS) {
  const page = await openLive();
  const rows = ["a", "b", "c"].map((job_id) => job({ job_id }));
  page.socket.say({ type: "window", epoch: "e1", prev: 5, seq: 5, list: "pending", rows, truncated: true });
  const gone = rows.map((row, n) => moved(6 + n, { ...row, rev: 2, status: "cancelled", finished_at: 9 }, "pending"));
  page.socket.say(frame(5, 8, gone));
  const answerAt = new Map();
  for (let second = 0; second < 30; second++) {
    page.clock.pass(1000);
    const beats = page.socket.asked("heartbeat").length;
    if (!answerAt.has(beats)) answerAt.set(beats, second + answerS);
    if (answerAt.get(beats) === second) page.socket.say({ type: "heartbeat_ack", server_timestamp: 1 });
    page.socket.say(frame(8, 8, []));
  }
  return page.socket.asked("resync_request");
}

test("the rows are asked for when a truncated list stays hollow", async () => {
  const asked = { type: "resync_request", epoch: "e1", seq: 8, short: ["pending"] };
  assert.deepEqual(await hollowFor30s(0), [asked]);
});

test("nothing is asked for when a slow link may still bring the rows", async () => {
  assert.deepEqual(await hollowFor30s(3), []);
});

test("the screen is cleared when another hub is chosen", async () => {
  const page = await openLive();
  page.stream.connect("http://other:8000");
  assert.equal(page.store.state.epoch, null);
});
