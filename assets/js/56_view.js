// How the person looks at the live state: paused or not, how far back, split by what, zoomed where, and the
// time under the pointer. Widgets subscribe here instead of at the store, and stand still while the view is paused;
// the store goes on underneath, so nothing is missed.
(function () {
  "use strict";
  const { store } = window.jobhub;
  const WINDOWS_S = [60, 300, 900, 3600];
  const SPLITS = ["all", "job_type", "worker"];
  const WORDS = { windowS: "window", split: "split" }; // in storage after "jobhub.", and in the URL of a wall board
  const EVERY_MS = 100; // as the store draws
  const AWAY_MS = 2000;
  const SLACK_MS = 20; // a tick comes a little early or late, and shall not miss its turn
  const listeners = new Set();
  const settings = {
    paused: false,
    pausedAt: null,
    windowS: Number(remembered("windowS", WINDOWS_S.map(String), "300")),
    split: remembered("split", SPLITS, "all"),
    zoom: null,
    cursorAt: null,
  };

  function remembered(name, choices, otherwise) {
    const asked = new URLSearchParams(window.location.search).get(WORDS[name]);
    if (choices.includes(asked)) return asked;
    try {
      const kept = window.localStorage.getItem("jobhub." + WORDS[name]);
      return choices.includes(kept) ? kept : otherwise;
    } catch (error) {
      return otherwise; // storage is forbidden
    }
  }

  function remember(name, value) {
    try {
      window.localStorage.setItem("jobhub." + WORDS[name], String(value));
    } catch (error) {
      settings[name] = value; // storage is forbidden: lasts as long as the page
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

  // Elements that nobody sees, because the page is scrolled elsewhere.
  const away = new WeakSet();
  const scrolled = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) away[isIntersecting ? "delete" : "add"](target);
  });

  // As store.subscribe, without `changed`, of one topic or several that are drawn together. What a pause
  // held back is drawn whole when it ends. While `root` is out of sight, every other second is enough.
  function subscribe(topics, draw, options = {}) {
    const { root = null, everyMs = EVERY_MS } = options;
    let missed = false;
    let timer = null;
    let drawnAt = -Infinity;
    const react = () => {
      if (settings.paused) {
        missed = true;
        return;
      }
      const waitMs = drawnAt + (away.has(root) ? AWAY_MS : everyMs) - performance.now();
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
    if (root) scrolled.observe(root);
    const ends = [].concat(topics).map((topic) => store.subscribe(topic, react, options));
    ends.push(
      onChange((names) => {
        if (!names.includes("paused") || settings.paused || !missed) return;
        missed = false;
        draw(store.state);
      }),
      () => window.clearTimeout(timer),
      () => root && scrolled.unobserve(root),
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
    SPLITS,
    settings,
    onChange,
    subscribe,
    pause(paused) {
      change({ paused, pausedAt: paused ? now() : null });
    },
    setWindow(windowS) {
      remember("windowS", windowS);
      change({ windowS, zoom: null });
    },
    setSplit(split) {
      remember("split", split);
      change({ split });
    },
    setZoom(zoom) {
      change({ zoom });
    },
    setCursor(cursorAt) {
      if (cursorAt !== settings.cursorAt) change({ cursorAt });
    },
  };
})();
