// Loads the classic scripts of assets/js into a page without a browser, with a clock that the test moves.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const SCRIPTS = path.join(__dirname, "..", "..", "assets", "js");
const STORE_AND_STREAM = /^(10|3\d|4[0-4])_.*\.js$/;

class Clock {
  constructor() {
    this.ms = 1_000;
    this.timers = new Map();
    this.frames = [];
    this.lastId = 0;
  }

  later(callback, ms) {
    this.timers.set(++this.lastId, { callback, at: this.ms + ms });
    return this.lastId;
  }

  every(callback, ms) {
    const id = ++this.lastId;
    const again = () => {
      this.timers.set(id, { callback: again, at: this.ms + ms });
      callback();
    };
    this.timers.set(id, { callback: again, at: this.ms + ms });
    return id;
  }

  // Let time pass: timers run in order, and an animation frame after each.
  pass(ms) {
    const until = this.ms + ms;
    for (;;) {
      let next = null;
      for (const [id, timer] of this.timers) {
        if (timer.at <= until && (!next || timer.at < next.timer.at)) next = { id, timer };
      }
      if (!next) break;
      this.timers.delete(next.id);
      this.ms = Math.max(this.ms, next.timer.at);
      next.timer.callback();
      this.paint();
    }
    this.ms = until;
    this.paint();
  }

  paint() {
    for (const callback of this.frames.splice(0)) callback();
  }
}

function openPage() {
  const clock = new Clock();
  const window = {
    performance: { now: () => clock.ms },
    requestAnimationFrame: (callback) => clock.frames.push(callback),
    setTimeout: (callback, ms) => clock.later(callback, ms),
    setInterval: (callback, ms) => clock.every(callback, ms),
    clearTimeout: (id) => clock.timers.delete(id),
  };
  const context = vm.createContext({ window, console, Date, Math, Promise });
  for (const name of fs.readdirSync(SCRIPTS).sort()) {
    if (STORE_AND_STREAM.test(name)) {
      vm.runInContext(fs.readFileSync(path.join(SCRIPTS, name), "utf8"), context, { filename: name });
    }
  }
  return { clock, jobhub: window.jobhub };
}

// What crosses from the page's realm compares by value only as plain JSON.
function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

module.exports = { openPage, plain };
