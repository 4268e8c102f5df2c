// The connection row: as of when, live or not, and the two buttons that decide it.
(function () {
  "use strict";
  const { dom, format, store, stream } = window.jobhub;
  const BADGES = {
    disconnected: ["Disconnected", "grey"],
    connecting: ["Connecting", "blue"],
    catching_up: ["Catching up", "blue"],
    live: ["Live", "green"],
    stale: ["Stale", "amber"],
  };

  window.jobhub.widget("connection_bar", (root, { failure }) => {
    const part = (name) => dom.part(root, name);
    const connect = part("connect");
    const disconnect = part("disconnect");
    const preset = part("preset");

    function open() {
      const { url, ticketUrl, snapshotUrl } = stream.defaults;
      const chosen = preset.value || url;
      // Tickets and polling are the dashboard's own hub's: another one is reached directly.
      stream.connect(chosen, chosen === url ? { ticketUrl, snapshotUrl } : {});
    }

    function draw() {
      const status = stream.status;
      const [word, tone] = BADGES[status.state];
      const badge = part("badge");
      dom.setText(badge, word);
      dom.setClass(badge, "badge-state tone-" + tone + (status.state === "live" ? " is-live" : ""));
      dom.setAttribute(root, "data-state", status.state);
      dom.setText(part("note"), noteOf(status));
      dom.setText(part("subscribed"), status.subscribed ? "yes" : "no");
      dom.setText(part("latency"), status.latencyMs === null ? format.DASH : format.span(status.latencyMs));
      dom.setText(part("reconnects"), format.count(status.reconnects));
      dom.setText(part("resyncs"), format.count(status.resyncs));
      const wanted = status.state !== "disconnected";
      dom.setHidden(connect, wanted);
      dom.setHidden(disconnect, !wanted);
      preset.disabled = wanted;
      const banner = document.getElementById("hub-failure");
      if (banner) banner.hidden = banner.hidden || status.state === "live" || store.state.timestamp > 0;
    }

    function noteOf(status) {
      const { timestamp } = store.state;
      const asOf = timestamp ? "as of " + format.time(timestamp, Date.now()) : "nothing read yet";
      const reason = status.reason ? " · " + status.reason : "";
      if (status.state === "disconnected") return (timestamp || !failure ? asOf + ", not live" : "no data") + reason;
      if (status.state === "stale") {
        return "since " + format.time(status.since) + ", " + format.age(Date.now() - status.since) + " ago" + reason;
      }
      if (status.state === "live") return status.transport === "polling" ? "polled every 2 s" : "every event as it happens";
      return (timestamp ? asOf : "waiting for the hub") + reason;
    }

    connect.addEventListener("click", open);
    disconnect.addEventListener("click", () => stream.disconnect());
    const ends = [store.subscribe("status", draw), store.subscribe("tick", draw, { everyMs: 1000 })];
    // A wall board's URL is a person's explicit wish.
    if (new URLSearchParams(window.location.search).get("connect") === "1" && stream.defaults) open();
    return () => ends.forEach((end) => end());
  });
})();
