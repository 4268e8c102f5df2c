// What the stream knows of its link: its state, how far the clocks are apart, how old events are when
// they arrive, and how long to wait before the next attempt.
(function () {
  "use strict";
  const SAMPLES_KEPT = 8; // heartbeats
  const LATENCIES_KEPT = 101; // events
  const BACKOFF_BASE_MS = 500;
  const BACKOFF_CAP_MS = 15_000;

  class LinkHealth {
    constructor() {
      this.samples = [];
      this.latencies = [];
    }

    // A heartbeat and its answer; the fastest of the last round trips tells the offset best.
    heartbeat(sentAt, answeredAt, serverTimestamp) {
      const offsetMs = serverTimestamp - (sentAt + answeredAt) / 2;
      this.samples.push({ roundTripMs: answeredAt - sentAt, offsetMs });
      if (this.samples.length > SAMPLES_KEPT) this.samples.shift();
    }

    // Server clock minus this clock.
    get offsetMs() {
      let best = null;
      for (const sample of this.samples) {
        if (!best || sample.roundTripMs < best.roundTripMs) best = sample;
      }
      return best ? best.offsetMs : 0;
    }

    arrival(eventTimestamp, arrivedAt) {
      if (!this.samples.length) return; // without an offset it would be the difference of two clocks
      this.latencies.push(arrivedAt + this.offsetMs - eventTimestamp);
      if (this.latencies.length > LATENCIES_KEPT) this.latencies.shift();
    }

    // The median of the recent events, null before the first one.
    get latencyMs() {
      if (!this.latencies.length) return null;
      const sorted = [...this.latencies].sort((a, b) => a - b);
      return Math.max(0, Math.round(sorted[sorted.length >> 1]));
    }
  }

  // What the connection bar shows, replaced by each change. `since` (Unix ms, this clock) is when the
  // state began; of a stale one, when its data was last known to be right.
  class LinkStatus {
    constructor(clock, changed) {
      Object.assign(this, { clock, changed });
      this.shown = {
        state: "disconnected",
        since: clock(),
        url: null,
        subscribed: false,
        latencyMs: null,
        reconnects: 0,
        resyncs: 0,
        transport: "events",
        reason: null,
      };
    }

    tell(change) {
      const before = this.shown;
      const next = { ...before, ...change };
      if (next.state !== before.state && change.since === undefined) next.since = this.clock();
      this.shown = next;
      this.changed();
    }
  }

  // Doubles with each failure up to a quarter of a minute; the half that is drawn keeps a thousand
  // screens from coming back in the same instant.
  function backoffMs(failures, random) {
    const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.min(failures, 10));
    return ceiling / 2 + (random() * ceiling) / 2;
  }

  Object.assign(window.jobhub, { LinkHealth, LinkStatus, backoffMs });
})();
