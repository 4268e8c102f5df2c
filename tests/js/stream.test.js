"use strict";
// The stream against a hub that the test plays, on a clock that the test moves.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { openPage, plain } = require("./page.js");
const { frame, job, moved, snapshot } = require("./records.js");

const URL = "http://hub:8000";

class FakeSocket {
  constructor(url) {
    this.url = url;
    this.sent = [];
    this.closed = false;
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  // The hub's side.
  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  end(code, reason = "") {
    this.onclose({ code, reason });
  }

  asked(type) {
    return this.sent.filter((message) => message.type === type);
  }
}

// settle: lets promises (tickets, polls) run.
function settle() {
  return new Promise((resolve) => setImmediate(resolve));
}

function open({ post, fetchJson } = {}) {
  const { jobhub, clock } = openPage();
  const sockets = [];
  const env = {
    now: () => clock.ms,
    clock: () => 1_000_000 + clock.ms,
    random: () => 1,
    later: (callback, ms) => clock.later(callback, ms),
    every: (callback, ms) => clock.every(callback, ms),
    cancel: (id) => clock.timers.delete(id),
    post,
    fetchJson,
    open(url) {
      if (url.includes("insecure")) throw new Error("an insecure address");
      sockets.push(new FakeSocket(url));
      return sockets.at(-1);
    },
  };
  const stream = new jobhub.Stream(jobhub.store, env);
  return { stream, store: jobhub.store, clock, sockets };
}

async function openLive(options) {
  const page = open(options);
  page.stream.connect(URL, options);
  await settle();
  const socket = page.sockets[0];
  socket.onopen();
  socket.say({ type: "subscription_confirmed", topics: [], filters: {}, epoch: "e1", seq: 5 });
  socket.say(snapshot({ seq: 5 }));
  return { ...page, socket };
}

// Let the backoff pass and the next attempt open.
async function reconnect({ clock, sockets }) {
  const before = sockets.length;
  for (let waited = 0; sockets.length === before && waited < 60; waited++) {
    clock.pass(1000);
    await settle();
  }
  sockets.at(-1).onopen();
  return sockets.at(-1);
}

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
  assert.deepEqual(sockets[0].sent[0].resume, { epoch: "e1", seq: 3 });
});

test("a missed frame is noticed and asked for when the next one does not continue", async () => {
  const { stream, store, socket } = await openLive();
  socket.say(frame(6, 7, [moved(7, job({ job_id: "a" }), null)]));
  assert.deepEqual(socket.asked("resync_request"), [{ type: "resync_request", epoch: "e1", seq: 5 }]);
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

test("the stream comes back and resumes when the connection drops", async () => {
  for (const code of [1006, 1012, 4008, 4009, 4499]) {
    const page = await openLive();
    page.socket.say(frame(5, 9, []));
    page.socket.end(code);
    assert.equal(page.stream.status.state, "stale");
    const second = await reconnect(page);
    assert.deepEqual(second.sent[0].resume, { epoch: "e1", seq: 9 });
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
  assert.deepEqual(second.sent[0].resume, { epoch: "e1", seq: 6 });
});

test("the rows are asked for when a truncated list stays hollow", async () => {
  const page = await openLive();
  const rows = ["a", "b", "c"].map((job_id) => job({ job_id }));
  page.socket.say({ type: "window", epoch: "e1", prev: 5, seq: 5, list: "pending", rows, truncated: true });
  const gone = rows.map((row, n) => moved(6 + n, { ...row, rev: 2, status: "cancelled", finished_at: 9 }, "pending"));
  page.socket.say(frame(5, 8, gone));
  for (let second = 0; second < 13; second++) {
    page.clock.pass(1000);
    page.socket.say({ type: "heartbeat_ack", server_timestamp: 1 });
  }
  assert.equal(page.socket.asked("subscribe").length, 2);
});

test("a ticket opens the connection when the dashboard gives one", async () => {
  const asked = [];
  const post = async (url) => asked.push(url) && { status: 200, body: { ticket: "t" + asked.length } };
  const page = await openLive({ post, ticketUrl: "/live/ticket" });
  assert.deepEqual(asked, ["/live/ticket?hub=http%3A%2F%2Fhub%3A8000"]);
  assert.deepEqual(page.socket.sent[0], { type: "auth", ticket: "t1" });
  page.socket.end(1006);
  const second = await reconnect(page);
  assert.deepEqual(second.sent[0], { type: "auth", ticket: "t2" });
});

test("the dashboard is asked for nothing when the hub is not its own", async () => {
  const page = open({ post: async () => assert.fail("asked for a ticket") });
  page.stream.defaults = { url: URL, ticketUrl: "/live/ticket" };
  page.stream.connect("http://other:8000");
  await settle();
  assert.equal(page.sockets[0].url, "ws://other:8000/ws/monitor");
});

test("the stream stops when the dashboard says that nobody is signed in", async () => {
  const page = open({ post: async () => ({ status: 401, body: null }) });
  page.stream.connect(URL, { ticketUrl: "/live/ticket" });
  await settle();
  page.clock.pass(600_000);
  await settle();
  assert.equal(page.sockets.length, 0);
  assert.deepEqual([page.stream.status.state, page.stream.status.reason], ["disconnected", "sign in again"]);
});

test("the address is refused with a reason when the browser takes none like it", async () => {
  const page = open();
  page.stream.connect("http://insecure");
  await settle();
  assert.equal(page.stream.status.state, "disconnected");
  assert.match(page.stream.status.reason, /insecure/);
});

test("snapshots are polled when no WebSocket opens, and no longer when one does", async () => {
  let polls = 0;
  const fetchJson = async (url) => {
    assert.equal(url, "/live/snapshot?hub=http%3A%2F%2Fhub%3A8000");
    polls++;
    const { type, ...document } = snapshot({ seq: polls });
    return document;
  };
  const page = open({ fetchJson });
  page.stream.connect(URL, { snapshotUrl: "/live/snapshot" });
  await settle();
  for (let n = 0; n < 60 && !polls; n++) {
    page.sockets.at(-1).end(1006); // a second end of the same socket is not heard
    page.clock.pass(1000);
    await settle();
  }
  assert.deepEqual([page.stream.status.state, page.stream.status.transport], ["live", "polling"]);
  const second = await reconnect(page);
  second.say({ type: "subscription_confirmed", topics: [], filters: {}, epoch: "e1", seq: polls });
  second.say({ type: "resumed", epoch: "e1", seq: page.store.state.seq });
  assert.deepEqual([page.stream.status.state, page.stream.status.transport], ["live", "events"]);
  const before = polls;
  page.clock.pass(9_000);
  await settle();
  assert.equal(polls, before);
});

test("the old full push is shown and labelled when the hub sends it", async () => {
  const page = open();
  page.stream.connect(URL, { transport: "polling" });
  await settle();
  page.sockets[0].onopen();
  assert.equal(page.sockets[0].sent[0].transport, "polling");
  const { data } = snapshot();
  const jobs = { pending: [job({ job_id: "a" })], active: [], completed: [], failed: [] };
  page.sockets[0].say({ type: "stats_broadcast", timestamp: 5, data: { ...data, jobs, counts: { ...data.counts, pending: 2 } } });
  assert.deepEqual([page.stream.status.state, page.stream.status.transport], ["live", "polling"]);
  assert.deepEqual(plain(page.store.state.lists.pending), { ids: ["a"], truncated: true, filled: 1 });
});

test("the screen is cleared when another hub is chosen", async () => {
  const page = await openLive();
  page.stream.connect("http://other:8000");
  assert.equal(page.store.state.epoch, null);
});

test("the waits double up to a quarter of a minute and are spread by chance", () => {
  const { jobhub } = openPage();
  const waits = [0, 1, 2, 3, 4, 5, 9, 100].map((failures) => jobhub.backoffMs(failures, () => 1));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  assert.equal(jobhub.backoffMs(2, () => 0), 1000);
});
