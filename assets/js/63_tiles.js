// The tiles of the Live page: figures ten times a second at most, sparklines once a second.
(function () {
  "use strict";
  const { dom, view, clock, buckets } = window.jobhub;
  const SPARK_S = 300; // five minutes
  const SPARK_STEP_S = 5;
  const SPARK_POINTS = SPARK_S / SPARK_STEP_S;
  const COLUMNS = {
    active: (columns, at) => columns.busy[at],
    throughput: (columns, at) => sum(columns.completed[at], columns.failed[at]),
    failure_rate: (columns, at) => share(columns.failed[at], sum(columns.completed[at], columns.failed[at])),
    wait_p95: (columns, at) => columns.wait_p95[at],
    run_p95: (columns, at) => columns.run_p95[at],
    workers: (columns, at) => columns.offered[at],
    utilisation: (columns, at) => share(columns.busy[at], columns.offered[at]),
  };
  // What waits, which the series does not hold: read once, and kept since the page was opened.
  const waiting = { at: [], count: [] };

  function sum(a, b) {
    return a === null || b === null ? null : a + b;
  }

  function share(part, whole) {
    if (part === null || whole === null) return null;
    return whole ? part / whole : 0;
  }

  function sample({ counts }) {
    if (!clock.isKnown()) return;
    const at = Math.floor(clock.now() / 1000 / SPARK_STEP_S);
    if (waiting.at[waiting.at.length - 1] === at) waiting.count.pop();
    else waiting.at.push(at);
    waiting.count.push(counts.pending);
    if (waiting.at.length > SPARK_POINTS) for (const column of Object.values(waiting)) column.shift();
  }

  // What waited before the page was opened.
  async function readPast() {
    if (waiting.at.length > 1) return;
    if (!clock.isKnown()) return;
    const untilS = Math.floor(clock.now() / 1000);
    const past = new Map();
    for (const [second, count] of await window.jobhub.history.pending(untilS - SPARK_S, untilS)) {
      past.set(Math.floor(second / SPARK_STEP_S), count);
    }
    const first = waiting.at[0] ?? Infinity;
    const earlier = [...past].filter(([at]) => at < first);
    waiting.at.unshift(...earlier.map(([at]) => at));
    waiting.count.unshift(...earlier.map(([, count]) => count));
  }

  // Aligned right: what was not seen yet is a gap on the left.
  function waitingValues() {
    const newest = waiting.at[waiting.at.length - 1];
    const values = new Array(SPARK_POINTS).fill(null);
    waiting.at.forEach((at, index) => {
      const place = SPARK_POINTS - 1 - (newest - at);
      if (place >= 0) values[place] = waiting.count[index];
    });
    for (let at = 1; at < SPARK_POINTS; at++) if (values[at] === null) values[at] = values[at - 1];
    return values;
  }

  function endSecond(state) {
    return buckets.endSecond(state.series, clock.knownUntil());
  }

  function drawSparklines(state, sparklines) {
    if (!clock.isKnown()) return;
    const endS = endSecond(state);
    const alignedS = Math.ceil(endS / SPARK_STEP_S) * SPARK_STEP_S;
    const columns = buckets.gather(state.series, alignedS - SPARK_S, endS, SPARK_STEP_S);
    for (const [name, draw] of sparklines) {
      const read = COLUMNS[name];
      draw(read ? columns.at.map((_, at) => read(columns, at)) : waitingValues());
    }
  }

  window.jobhub.widget("tiles", (root) => {
    const tiles = [...root.querySelectorAll("[data-tile]")];
    const sparklines = new Map();
    for (const tile of tiles) {
      const place = dom.part(tile, "sparkline");
      if (place) sparklines.set(tile.dataset.tile, window.jobhub.sparkline.create(place));
    }

    function draw(state) {
      const figures = window.jobhub.figures(state, clock.now(), endSecond(state));
      for (const tile of tiles) {
        const { value, unit, note, tone } = figures[tile.dataset.tile];
        dom.setText(dom.part(tile, "value"), value);
        dom.setText(dom.part(tile, "unit"), unit);
        dom.setText(dom.part(tile, "note"), note || "\u00a0");
        dom.setAttribute(dom.part(tile, "note"), "title", note || "");
        dom.setAttribute(tile, "data-tone", tone || "");
      }
    }

    const ends = [
      view.subscribe(["counts", "queues", "workers", "series", "tick"], draw, { root }),
      view.subscribe("tick", (state) => drawSparklines(state, sparklines), { everyMs: 1000 }),
      window.jobhub.store.subscribe("tick", sample, { everyMs: 1000 }),
    ];
    readPast();
    return () => ends.forEach((end) => end());
  });
})();
