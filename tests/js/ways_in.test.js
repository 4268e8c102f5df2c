"use strict";
// How the stream gets in: tickets, refusals, and polling where no WebSocket opens.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const { URL, open, openLive, reconnect, settle } = require("./fake_hub.js");
const { plain } = require("./page.js");
const { job, snapshot } = require("./records.js");

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
