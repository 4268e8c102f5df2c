// One WebSocket to a hub's /ws/monitor: the ticket, the handshake, heartbeats and whole messages. It
// never reconnects and knows no state; 43_stream.js decides.
(function () {
  "use strict";
  const OPEN_WITHIN_MS = 10_000;
  const HEARTBEAT_MS = 10_000;
  const ANSWER_WITHIN_MS = 15_000; // a link that does not answer a heartbeat for so long is dead

  function socketUrl(hubUrl) {
    return hubUrl.replace(/^http/, "ws").replace(/\/+$/, "") + "/ws/monitor";
  }

  // A route of the dashboard that serves several hubs.
  function aboutHub(route, hubUrl) {
    return route + "?hub=" + encodeURIComponent(hubUrl);
  }

  // A one-use ticket from the dashboard: {ticket}, {refused} when nobody is signed in, {failed} for now.
  async function readTicket(env, { url, ticketUrl }) {
    if (!ticketUrl) return { ticket: null };
    try {
      const { status, body } = await env.post(aboutHub(ticketUrl, url));
      if (status === 401 || status === 403) return { refused: "sign in again" };
      if (status < 400) return { ticket: body.ticket };
    } catch {
      // The dashboard is away; the next attempt asks again.
    }
    return { failed: "the dashboard gives no ticket" };
  }

  class MonitorSocket {
    // env: {open(url) -> WebSocket, now()}
    // told: {onOpen(socket), onMessage(message), onHeartbeat(sentAt, answer), onEnd(code, reason)}
    constructor(env, hubUrl, told) {
      Object.assign(this, { env, told, opened: false, ended: false, heartbeatAt: null, beatenAt: -Infinity });
      this.createdAt = env.now();
      this.socket = env.open(socketUrl(hubUrl));
      this.socket.onopen = () => this.begin();
      this.socket.onmessage = ({ data }) => this.receive(data);
      this.socket.onclose = ({ code, reason }) => this.end(code, reason);
    }

    // Introduce this monitor; nothing comes before the first subscribe.
    introduce({ ticket, monitorId, resume, transport, topics, filters }) {
      if (ticket) this.send({ type: "auth", ticket });
      const hello = { type: "monitor_connect", monitor_id: monitorId, request_full_state: true, transport, form: "compact" };
      this.send(resume ? { ...hello, resume } : hello);
      this.send({ type: "subscribe", topics, filters });
    }

    send(message) {
      if (!this.ended) this.socket.send(JSON.stringify(message));
    }

    // End it now. A dead link would report its close minutes later, so nothing waits for that.
    drop(code, reason) {
      this.end(code, reason);
      this.socket.close();
    }

    begin() {
      if (this.ended) return;
      this.opened = true;
      this.told.onOpen(this);
    }

    receive(data) {
      if (this.ended) return;
      const message = JSON.parse(data);
      if (message.type === "heartbeat_ack") {
        const sentAt = this.heartbeatAt;
        this.heartbeatAt = null;
        if (sentAt !== null) this.told.onHeartbeat(sentAt, message);
      } else {
        this.told.onMessage(message);
      }
    }

    beat() {
      this.heartbeatAt = this.beatenAt = this.env.now();
      this.send({ type: "heartbeat" });
    }

    // Called each second. `patient`: a snapshot is on its way, and over a slow link nothing can pass it.
    check(patient) {
      const now = this.env.now();
      if (!this.opened) {
        if (now - this.createdAt > OPEN_WITHIN_MS) this.drop(1006, "no connection within 10 s");
      } else if (patient) {
        this.heartbeatAt = null;
      } else if (this.heartbeatAt !== null) {
        if (now - this.heartbeatAt > ANSWER_WITHIN_MS) this.drop(1006, "no answer to a heartbeat");
      } else if (now - this.beatenAt >= HEARTBEAT_MS) {
        this.beat();
      }
    }

    end(code, reason) {
      if (this.ended) return;
      this.ended = true;
      this.told.onEnd(code, reason);
    }
  }

  Object.assign(window.jobhub, { MonitorSocket, readTicket, aboutHub });
})();
