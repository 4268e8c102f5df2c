// Keeps a connection to the hub that a person chose: tickets, attempts, backoff, and the way around
// where WebSockets are blocked. Knows nothing of what the messages say; 44_stream.js does.
(function () {
  "use strict";
  const FINAL_CODE = 4500; // close codes from here on forbid a reconnect
  const BLOCKED_AFTER = 3; // attempts in a row that never opened, before polling begins

  class Connection {
    // told: {onOpen(ticket), onMessage(message), onHeartbeat(sentAt, answer), onLost(reason), onRefused(reason),
    //        onSnapshot(document), onSnapshotFailure()}
    constructor(env, told) {
      Object.assign(this, { env, told, target: null, socket: null, retryTimer: null });
      this.polling = new window.jobhub.SnapshotPolling(env, told);
    }

    // target: {url, ticketUrl, snapshotUrl}
    start(target) {
      this.stop();
      Object.assign(this, { target, failures: 0, blocked: 0 });
      this.attempt();
    }

    stop() {
      const socket = this.socket;
      this.target = this.socket = null;
      this.polling.stop();
      this.env.cancel(this.retryTimer);
      this.retryTimer = null;
      if (socket) socket.drop(1000, "");
    }

    get open() {
      return this.socket !== null && this.socket.opened;
    }

    send(message) {
      this.socket.send(message);
    }

    // What came is not right: come back.
    drop(reason) {
      this.socket.drop(4009, reason);
    }

    // Events flow again: the next failure is a first one, and nothing needs a way around.
    settle() {
      this.failures = 0;
      this.polling.stop();
    }

    // Try now what would be tried later: the network or the tab is back.
    hurry() {
      if (this.retryTimer === null) return;
      this.env.cancel(this.retryTimer);
      this.attempt();
    }

    async attempt() {
      this.retryTimer = null;
      const target = this.target;
      const { ticket, refused, failed } = await window.jobhub.readTicket(this.env, target);
      if (target !== this.target) return;
      if (refused) this.refuse(refused);
      else if (failed) this.lose(failed);
      else this.openSocket(target.url, ticket);
    }

    openSocket(url, ticket) {
      let socket = null;
      const current = (react) => (...given) => {
        if (socket && this.socket === socket) react(...given);
      };
      try {
        socket = new window.jobhub.MonitorSocket(this.env, url, {
          onOpen: current(() => this.opened(ticket)),
          onMessage: current((message) => this.told.onMessage(message)),
          onHeartbeat: current((sentAt, answer) => this.told.onHeartbeat(sentAt, answer)),
          onEnd: current((code, reason) => this.ended(code, reason)),
        });
      } catch (error) {
        this.refuse("no WebSocket to " + url + ": " + error.message); // a wrong or insecure address
        return;
      }
      this.socket = socket;
    }

    opened(ticket) {
      this.blocked = 0;
      this.told.onOpen(ticket);
    }

    ended(code, reason) {
      if (code >= FINAL_CODE) {
        this.refuse(reason || "closed with " + code);
        return;
      }
      if (!this.socket.opened) this.blocked++;
      this.lose(reason || null);
    }

    refuse(reason) {
      this.stop();
      this.told.onRefused(reason);
    }

    lose(reason) {
      this.socket = null;
      this.told.onLost(reason);
      const { snapshotUrl, url } = this.target;
      if (this.blocked >= BLOCKED_AFTER && snapshotUrl) {
        this.polling.start(window.jobhub.aboutHub(snapshotUrl, url));
      }
      const waitMs = window.jobhub.backoffMs(this.failures++, this.env.random);
      this.retryTimer = this.env.later(() => this.attempt(), waitMs);
    }
  }

  Object.assign(window.jobhub, { Connection });
})();
