// Who draws what, and when: marks from the store in, throttled animation frames out.
//
// The first mark of a quiet period draws in the very next frame; then at most every `everyMs`. In a
// hidden tab no frame comes: marks gather (never more than there are rows) and the first frame after
// it is shown again draws them.
(function () {
  "use strict";
  const EVERY_MS = 100;
  const HALF_FRAME_MS = 8; // a frame that is so much early is nearer than the one after it

  class RowChanges {
    constructor() {
      this.added = new Set();
      this.updated = new Set();
      this.removed = new Set();
    }

    note(kind, id) {
      if (kind === "added") {
        if (this.removed.delete(id)) this.updated.add(id);
        else this.added.add(id);
      } else if (kind === "removed") {
        this.updated.delete(id);
        if (!this.added.delete(id)) this.removed.add(id);
      } else if (!this.added.has(id)) {
        this.updated.add(id);
      }
    }
  }

  function dueAt(painter) {
    return painter.drawnAt + painter.everyMs - HALF_FRAME_MS;
  }

  class Drawing {
    // env: {now(), frame(callback), later(callback, ms)}
    constructor(state, env) {
      this.state = state;
      this.env = env;
      this.topics = new Map();
      this.framed = false;
      this.timerAt = Infinity;
    }

    // ids: rows that are there already, told as added in the first draw.
    subscribe(topic, draw, { everyMs = EVERY_MS } = {}, ids = []) {
      const painter = { draw, everyMs, drawnAt: -Infinity, dirty: false, changes: new RowChanges() };
      if (!this.topics.has(topic)) this.topics.set(topic, new Set());
      this.topics.get(topic).add(painter);
      for (const id of ids) painter.changes.note("added", id);
      this.soil(painter);
      return () => {
        const painters = this.topics.get(topic);
        if (!painters || !painters.delete(painter)) return false;
        if (!painters.size) this.topics.delete(topic);
        return true;
      };
    }

    mark(topic) {
      const painters = this.topics.get(topic);
      if (painters) for (const painter of painters) this.soil(painter);
    }

    row(topic, kind, id) {
      const painters = this.topics.get(topic);
      if (!painters) return;
      for (const painter of painters) {
        painter.changes.note(kind, id);
        this.soil(painter);
      }
    }

    soil(painter) {
      if (painter.dirty) return;
      painter.dirty = true;
      this.plan(dueAt(painter));
    }

    // Ask for a frame now, or for a timer that asks for one when the next painter is due.
    plan(at) {
      if (this.framed) return;
      const now = this.env.now();
      if (at <= now) {
        this.framed = true;
        this.env.frame(() => this.run());
      } else if (at < this.timerAt) {
        this.timerAt = at;
        this.env.later(() => this.wake(at), at - now);
      }
    }

    wake(at) {
      if (this.timerAt === at) this.timerAt = Infinity;
      this.planNext();
    }

    planNext() {
      let next = Infinity;
      for (const painters of this.topics.values()) {
        for (const painter of painters) {
          if (painter.dirty) next = Math.min(next, dueAt(painter));
        }
      }
      if (next < Infinity) this.plan(next);
    }

    run() {
      this.framed = false;
      const now = this.env.now();
      for (const painters of [...this.topics.values()]) {
        for (const painter of [...painters]) {
          if (painter.dirty && dueAt(painter) <= now) this.paint(painter, now);
        }
      }
      this.planNext();
    }

    paint(painter, now) {
      const changes = painter.changes;
      painter.changes = new RowChanges();
      painter.dirty = false;
      painter.drawnAt = now;
      try {
        painter.draw(this.state, changes);
      } catch (error) {
        console.error("a widget failed to draw", error); // the others must go on
      }
    }
  }

  Object.assign(window.jobhub, { Drawing });
})();
