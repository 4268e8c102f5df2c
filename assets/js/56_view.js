// How the person looks at the live state: paused or not, how far back, zoomed where, and the time under
// the pointer. Widgets subscribe here instead of at the store, and stand still while the view is paused;
// the store goes on underneath, so nothing is missed.
(function () {
  "use strict";
  const { store } = window.jobhub;
  const WINDOWS_S = [60, 300, 900, 3600];
  const KEY = "jobhub.window";
  const EVERY_MS = 100; // as the store draws
  const SLACK_MS = 20; // a tick comes a little early or late, and shall not miss its turn
  const listeners = new Set();
  const settings = { paused: false, pausedAt: null, windowS: readWindow(), zoom: null, cursorAt: null };

  function readWindow() {
    try {
      const kept = Number(window.localStorage.getItem(KEY));
      return WINDOWS_S.includes(kept) ? kept : 300;
    } catch (error) {
      return 300; // storage is forbidden
    }
  }

  function change(values) {
    Object.assign(settings, values);
    for (const listener of [...listeners]) listener(Object.keys(values));
  }

  function onChange(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  // As store.subscribe, without `changed`, of one topic or several that are drawn together. What a pause
  // held back is drawn whole when it ends.
  function subscribe(topics, draw, options = {}) {
    const everyMs = options.everyMs || EVERY_MS;
    let missed = false;
    let timer = null;
    let drawnAt = -Infinity;
    const react = () => {
      if (settings.paused) {
        missed = true;
        return;
      }
      const waitMs = drawnAt + everyMs - performance.now();
      if (waitMs > SLACK_MS) {
        if (timer === null) timer = window.setTimeout(later, waitMs);
        return;
      }
      drawnAt = performance.now();
      draw(store.state);
    };
    const later = () => {
      timer = null;
      window.requestAnimationFrame(react);
    };
    const ends = [].concat(topics).map((topic) => store.subscribe(topic, react, options));
    ends.push(
      onChange((names) => {
        if (!names.includes("paused") || settings.paused || !missed) return;
        missed = false;
        draw(store.state);
      }),
      () => window.clearTimeout(timer),
    );
    return () => ends.forEach((end) => end());
  }

  // The hub's clock. Before a connection it stands where the snapshot was taken: ages hold still with it.
  function now() {
    const { state } = window.jobhub.stream.status;
    if (state === "disconnected" && isKnown()) return store.state.timestamp;
    return Date.now() + store.state.clockOffsetMs;
  }

  // Whether any state was read yet; nothing known is not the same as nothing there.
  function isKnown() {
    return store.state.timestamp > 0;
  }

  // Up to when the state is known: a lost link ages, so its charts end where the data does.
  function knownUntil() {
    const { state, since } = window.jobhub.stream.status;
    return state === "stale" ? since + store.state.clockOffsetMs : now();
  }

  window.jobhub.clock = { now, knownUntil, isKnown };
  window.jobhub.view = {
    WINDOWS_S,
    settings,
    onChange,
    subscribe,
    pause(paused) {
      change({ paused, pausedAt: paused ? now() : null });
    },
    setWindow(windowS) {
      try {
        window.localStorage.setItem(KEY, String(windowS));
      } catch (error) {
        settings.windowS = windowS; // storage is forbidden: lasts as long as the page
      }
      change({ windowS, zoom: null });
    },
    setZoom(zoom) {
      change({ zoom });
    },
    setCursor(cursorAt) {
      if (cursorAt !== settings.cursorAt) change({ cursorAt });
    },
  };
})();
