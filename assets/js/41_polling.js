// The way around blocked WebSockets: read the whole state through the dashboard's own server.
(function () {
  "use strict";
  const EVERY_MS = 2000; // as often as stats_broadcast pushed

  class SnapshotPolling {
    // env: {fetchJson(url), later(callback, ms) -> timer, cancel(timer)}
    // told: {onSnapshot(document), onSnapshotFailure()}
    constructor(env, told) {
      Object.assign(this, { env, told, url: null, timer: null });
    }

    get running() {
      return this.url !== null;
    }

    start(url) {
      if (this.running) return;
      this.url = url;
      this.poll(url);
    }

    stop() {
      this.url = null;
      this.env.cancel(this.timer);
    }

    async poll(url) {
      // The dashboard answers null while it cannot reach the hub.
      const document = await this.env.fetchJson(url).catch(() => null);
      if (this.url !== url) return;
      if (document) this.told.onSnapshot(document);
      else this.told.onSnapshotFailure();
      if (this.url === url) this.timer = this.env.later(() => this.poll(url), EVERY_MS);
    }
  }

  Object.assign(window.jobhub, { SnapshotPolling });
})();
