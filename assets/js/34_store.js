// The page's one copy of the hub's state, and who is told when it changes.
//
//   jobhub.store.state      read it, never write it; records are replaced, not changed
//   jobhub.store.subscribe  (topic, draw(state, changed), {everyMs}) -> unsubscribe
//
// Topics: counts, the lists (pending, scheduled, active, completed, failed, cancelled), workers, queues,
// series, stats, log, status, tick (each second), job:<id>. `changed` holds the ids of rows that were
// added, updated and removed since this subscriber last drew; its first draw comes at once.
(function () {
  "use strict";
  const JOB_TOPIC = "job:";
  const NO_COUNTS = {
    scheduled: 0,
    pending: 0,
    assigned: 0,
    in_progress: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    kept: 0,
  };

  function emptySnapshot() {
    return {
      epoch: null,
      seq: 0,
      timestamp: 0,
      data: { jobs: {}, workers: [], queues: [], counts: { ...NO_COUNTS }, system_stats: null, series: null },
    };
  }

  // env: {now(), frame(callback), later(callback, ms)}
  function createStore(env) {
    const state = { filters: {}, clockOffsetMs: 0, workers: new Map(), queues: new Map(), log: [] };
    const drawing = new window.jobhub.Drawing(state, env);
    const lists = new window.jobhub.JobLists(drawing);
    const series = new window.jobhub.Series();
    const fold = new window.jobhub.Fold(state, lists, series, drawing);
    state.jobs = lists.jobs;
    state.lists = lists.lists;
    state.series = series.columns;
    fold.snapshot(emptySnapshot());

    function rowsOf(topic) {
      if (topic === "workers") return state.workers.keys();
      return state.lists[topic] ? state.lists[topic].ids : [];
    }

    return {
      state,
      mark: (topic) => drawing.mark(topic),

      subscribe(topic, draw, options) {
        const followed = topic.startsWith(JOB_TOPIC) ? topic.slice(JOB_TOPIC.length) : null;
        if (followed) lists.follow(followed);
        const unsubscribe = drawing.subscribe(topic, draw, options, rowsOf(topic));
        return () => {
          if (unsubscribe() && followed) lists.unfollow(followed);
        };
      },

      // Returns "folded", "gap" or "ignored".
      fold: (message) => fold.message(message),

      isHollow: () => lists.hollow,

      // Where a hub is to go on from, null before the first snapshot.
      place: () => (state.epoch ? { epoch: state.epoch, seq: state.seq, short: lists.short } : null),

      // Which records are wanted from the next snapshot on.
      setFilters(filters) {
        state.filters = lists.filters = filters;
      },

      // Figures of seconds before those that the snapshot brought.
      backfill(columns, fromS) {
        series.prepend(columns, fromS);
        drawing.mark("series");
      },

      // Forget everything: another hub is next.
      clear() {
        fold.snapshot(emptySnapshot());
      },
    };
  }

  window.jobhub.createStore = createStore;
  window.jobhub.store = createStore({
    now: () => window.performance.now(),
    frame: (callback) => window.requestAnimationFrame(callback),
    later: (callback, ms) => window.setTimeout(callback, ms),
  });
  window.setInterval(() => window.jobhub.store.mark("tick"), 1000);
})();
