// The stream of events into the store: connects when asked to, never lets a gap pass, comes back after
// every drop, and says how it is.
//
//   disconnected -> connecting -> catching_up -> live
//                                  ^     |        |
//                                  |     v        v
//                                  +--- stale <---+     the link is down or silent; what is shown is old
//
// Only connect() leaves `disconnected`; disconnect() and close codes from 4500 on return to it for good.
(function () {
  "use strict";
  const TOPICS = ["workers", "jobs", "system_stats"];
  const SILENT_AFTER_MS = 20_000; // a bookmark comes every 15 s even when nothing happens
  const STATE_WITHIN_MS = 180_000; // a full snapshot at 64 kbit/s
  const HOLLOW_AFTER_MS = 10_000; // rows of a truncated list that should have come again long ago
  const QUICK_MS = 1000; // for an answer to a heartbeat: nothing waits on the link then
  const RESYNC_ROW_MS = 10_000;
  const RESYNCS_IN_A_ROW = 3; // then the position itself is in doubt: start from a snapshot

  class Stream {
    // env: {open(url), now(), clock(), random(), later(), every(), cancel(), fetchJson(url), post(url)}
    constructor(store, env) {
      Object.assign(this, { store, env, topics: TOPICS, filters: {}, resumable: true, defaults: {} });
      this.monitorId = "screen-" + Math.floor(env.random() * 2 ** 40).toString(16);
      this.health = new window.jobhub.LinkHealth();
      this.link = new window.jobhub.LinkStatus(env.clock, () => store.mark("status"));
      this.connection = new window.jobhub.Connection(env, {
        onOpen: (ticket) => this.opened(ticket),
        onMessage: (message) => this.receive(message),
        onHeartbeat: (sentAt, answer) => this.heartbeat(sentAt, answer),
        onLost: (reason) => this.lost(reason),
        onRefused: (reason) => this.refused(reason),
        onSnapshot: (document) => this.polled(document),
        onSnapshotFailure: () => this.link.tell(this.aged()),
      });
      this.reset();
      env.every(() => this.check(), 1000);
    }

    get status() {
      return this.link.shown;
    }

    // options: ticketUrl, snapshotUrl (routes of the dashboard, known by themselves for its own hub),
    // transport "events" | "polling"
    connect(url, options = {}) {
      if ((this.status.url || this.defaults.url || url) !== url) this.store.clear(); // another hub's state
      this.reset();
      this.transport = options.transport || "events";
      this.link.tell({ state: "connecting", url, reason: null, reconnects: 0, resyncs: 0, latencyMs: null });
      this.connection.start({ ...(url === this.defaults.url ? this.defaults : {}), ...options, url });
    }

    disconnect() {
      this.connection.stop();
      this.link.tell({ state: "disconnected", subscribed: false, reason: null });
    }

    // Other topics or filters; the hub answers with a fresh snapshot.
    subscribe(topics, filters = {}) {
      Object.assign(this, { topics, filters, resumable: false });
      if (!this.connection.open) return;
      this.awaitState();
      this.connection.send({ type: "subscribe", topics, filters });
    }

    hurry() {
      this.connection.hurry();
    }

    reset() {
      Object.assign(this, { awaiting: false, askedAt: 0, heardAt: 0, caughtUpAt: 0 });
      Object.assign(this, { head: null, opens: 0, rowOfResyncs: 0, hollowAt: null, quick: false });
      this.health = new window.jobhub.LinkHealth();
    }

    opened(ticket) {
      if (this.opens++) this.link.tell({ reconnects: this.status.reconnects + 1 });
      this.awaitState();
      this.connection.socket.introduce({
        ticket,
        resume: this.resumable ? this.store.place() : null,
        monitorId: this.monitorId,
        transport: this.transport,
        topics: this.topics,
        filters: this.filters,
      });
    }

    // --- Messages ------------------------------------------------------------------------------

    receive(message) {
      switch (message.type) {
        case "subscription_confirmed":
          this.head = { epoch: message.epoch, seq: message.seq };
          this.link.tell({ subscribed: true });
          break;
        case "resumed":
          this.resumed(message);
          break;
        case "full_state_snapshot":
          this.resumable = true;
          this.store.setFilters(this.filters);
          this.fold(message, "events");
          break;
        case "stats_broadcast":
          this.fold(message, "polling");
          break;
        case "error":
          this.link.tell({ reason: message.message });
          break;
        default:
          if (!this.awaiting) this.fold(message, "events");
      }
    }

    fold(message, transport) {
      const outcome = this.tryFold(message);
      if (outcome === "gap") {
        this.resync();
      } else if (outcome === "folded") {
        if (message.events && this.status.state === "live") this.measure(message.events);
        this.heard(transport);
      }
    }

    // What failed halfway leaves the state in doubt, and only a snapshot puts it right.
    tryFold(message) {
      try {
        return this.store.fold(message);
      } catch (error) {
        console.error("a message could not be folded", error);
        this.startOver("a message could not be folded");
        return "failed";
      }
    }

    resumed({ epoch, seq }) {
      const state = this.store.state;
      if (epoch === state.epoch && seq === state.seq) this.heard("events");
      else this.startOver("resumed elsewhere");
    }

    // Live is: as far as the hub was when it confirmed the subscription.
    heard(transport) {
      this.awaiting = false;
      this.heardAt = this.env.now();
      const { epoch, seq } = this.store.state;
      if (this.head && epoch === this.head.epoch && seq < this.head.seq) return;
      if (this.status.state === "live" && this.status.transport === transport) return;
      this.caughtUpAt = this.heardAt;
      this.connection.settle();
      this.connection.socket.check(false); // the first heartbeat, at once
      this.link.tell({ state: "live", transport, reason: null });
    }

    measure(events) {
      const now = this.env.clock();
      for (const event of events) {
        if (event.type !== "job_progress") this.health.arrival(event.timestamp, now); // may be held back
      }
    }

    heartbeat(sentAt, answer) {
      const wall = this.env.clock();
      this.quick = this.env.now() - sentAt < QUICK_MS;
      this.health.heartbeat(wall - (this.env.now() - sentAt), wall, answer.server_timestamp);
      this.store.state.clockOffsetMs = this.health.offsetMs;
    }

    polled(document) {
      this.store.fold({ ...document, type: "full_state_snapshot" });
      this.heardAt = this.env.now();
      this.link.tell({ state: "live", transport: "polling" });
    }

    // --- When something is wrong ---------------------------------------------------------------

    awaitState() {
      this.awaiting = true;
      this.askedAt = this.env.now();
      this.link.tell({ state: "catching_up" });
    }

    resync() {
      const place = this.store.place();
      this.link.tell({ resyncs: this.status.resyncs + 1 });
      const recently = this.env.now() - this.caughtUpAt < RESYNC_ROW_MS;
      this.rowOfResyncs = recently ? this.rowOfResyncs + 1 : 1;
      if (!place || this.rowOfResyncs > RESYNCS_IN_A_ROW) {
        this.startOver("the events do not continue");
        return;
      }
      this.awaitState();
      this.connection.send({ type: "resync_request", ...place });
    }

    startOver(reason) {
      this.resumable = false;
      this.connection.drop(reason);
    }

    // The rows that left a truncated list are the hub's to send; a screen that gets none asks for them: one that
    // was behind was told less, and its lists may have lost other rows than those of the rest.
    fillHollow(now) {
      if (this.awaiting || !this.quick || !this.store.isHollow()) {
        this.hollowAt = null;
      } else if (this.hollowAt === null) {
        this.hollowAt = now;
      } else if (now - this.hollowAt > HOLLOW_AFTER_MS) {
        this.hollowAt = now;
        this.resync();
      }
    }

    // Once a second: what should have come and did not.
    check() {
      const { connection } = this;
      if (connection.socket) connection.socket.check(this.awaiting);
      if (connection.open) {
        const now = this.env.now();
        if (this.awaiting && now - this.askedAt > STATE_WITHIN_MS) connection.drop("no state came");
        else if (!this.awaiting && now - this.heardAt > SILENT_AFTER_MS) connection.drop("no bookmark came");
        else this.fillHollow(now);
      }
      const latencyMs = this.health.latencyMs;
      if (latencyMs !== this.status.latencyMs) this.link.tell({ latencyMs });
    }

    lost(reason) {
      this.awaiting = false;
      const change = { subscribed: false, reason: reason || this.status.reason };
      this.link.tell(this.connection.polling.running ? change : { ...this.aged(), ...change });
    }

    refused(reason) {
      this.link.tell({ state: "disconnected", subscribed: false, reason });
    }

    // What is shown is old: stale since it was last known to be right.
    aged() {
      if (!this.heardAt) return { state: "connecting" };
      return { state: "stale", since: this.env.clock() - (this.env.now() - this.heardAt) };
    }
  }

  Object.assign(window.jobhub, { Stream });
})();
