// The page's stream, `jobhub.stream`: nothing connects until connect() is called.
//
//   connect(url, {ticketUrl, snapshotUrl, transport})   disconnect()   subscribe(topics, filters)
//   status = {state, since, url, subscribed, latencyMs, reconnects, resyncs, transport, reason}
(function () {
  "use strict";
  const REQUEST_MS = 10_000;

  function request(url, options) {
    const signal = AbortSignal.timeout(REQUEST_MS);
    return window.fetch(url, { credentials: "same-origin", signal, ...options });
  }

  async function fetchJson(url) {
    const response = await request(url, {});
    if (!response.ok) throw new Error(url + " answered " + response.status);
    return response.json();
  }

  async function post(url) {
    const response = await request(url, { method: "POST", headers: { "X-Requested-With": "jobhub" } });
    return { status: response.status, body: response.ok ? await response.json() : null };
  }

  const stream = new window.jobhub.Stream(window.jobhub.store, {
    open: (url) => new WebSocket(url),
    now: () => window.performance.now(),
    clock: () => Date.now(),
    random: Math.random,
    later: (callback, ms) => window.setTimeout(callback, ms),
    every: (callback, ms) => window.setInterval(callback, ms),
    cancel: (timer) => window.clearTimeout(timer),
    fetchJson,
    post,
  });

  window.addEventListener("online", () => stream.hurry());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) stream.hurry();
  });

  window.jobhub.stream = stream;
})();
