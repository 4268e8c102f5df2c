"use strict";
// A hub that the test plays, and a stream before it, on a clock that the test moves.
const { openPage } = require("./page.js");
const { snapshot } = require("./records.js");

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

module.exports = { URL, open, openLive, reconnect, settle };
