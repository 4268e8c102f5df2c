// A live chart (dashboard/components/chart.py): drawn from the store once a second, also while nothing
// happens; the legend tells the latest values, or those of the time under the pointer on any chart.
(function () {
  "use strict";
  const { dom, view, clock, buckets, chartFigure, theme, format } = window.jobhub;
  const LABEL_PIXELS = 64; // of the time under the cursor
  const GRAPH_WITHIN_MS = 30_000; // Plotly is 4.8 MB, and loads after the first paint

  window.jobhub.widget("live_chart", (root, options) => {
    const plot = root.querySelector(".chart-plot");
    const chart = new LiveChart(root, plot, options);
    const ends = [
      view.subscribe(["series", "tick", "status"], () => chart.draw(), { everyMs: 1000 }),
      view.onChange((names) => {
        if (names.includes("cursorAt")) chart.drawCursor();
        if (names.includes("windowS") || names.includes("zoom")) chart.draw();
      }),
      theme.onChange(() => chart.draw()),
      listen(plot, "pointermove", (event) => chart.point(event)),
      listen(plot, "pointerleave", () => view.setCursor(null)),
      listen(plot, "dblclick", () => view.setZoom(null)),
    ];
    const resized = new ResizeObserver(() => chart.draw());
    resized.observe(plot);
    whenPlotted(plot, (graph) => {
      graph.on("plotly_relayout", (change) => chart.zoomed(change));
    });
    return () => {
      resized.disconnect();
      ends.forEach((end) => end());
    };
  });

  function listen(element, type, react) {
    element.addEventListener(type, react);
    return () => element.removeEventListener(type, react);
  }

  // Calls back with Plotly's element as soon as dcc.Graph has made it.
  function whenPlotted(plot, react) {
    const find = () => plot.querySelector(".js-plotly-plot");
    const ready = () => {
      const graph = find();
      if (!graph || !graph.on) return false;
      react(graph);
      return true;
    };
    if (ready()) return;
    const observer = new MutationObserver(() => ready() && observer.disconnect());
    observer.observe(plot, { childList: true, subtree: true, attributes: true });
    window.setTimeout(() => observer.disconnect(), GRAPH_WITHIN_MS);
  }

  class LiveChart {
    constructor(root, plot, options) {
      Object.assign(this, { root, plot, options, columns: null, range: [0, 1] });
      this.cursor = dom.part(root, "cursor");
      this.empty = dom.part(root, "empty");
    }

    draw() {
      const width = this.plot.clientWidth - chartFigure.MARGIN.l - chartFigure.MARGIN.r;
      if (width <= 0) return;
      const { windowS, zoom } = view.settings;
      const { series } = window.jobhub.store.state;
      const stepS = buckets.STEPS_S[windowS];
      const known = clock.isKnown();
      const endS = known ? buckets.endSecond(series, clock.knownUntil()) : 0;
      const untilS = Math.max(endS, Math.floor(clock.now() / 1000) - 1);
      const firstS = Math.ceil((untilS - windowS) / stepS) * stepS;
      if (known) window.jobhub.history.ensure(untilS - windowS);
      this.columns = buckets.gather(series, firstS, endS, stepS);
      this.range = zoom || [(untilS - windowS) * 1000, untilS * 1000];
      const figure = chartFigure.build(this.options, this.columns, this.range, width);
      window.dash_clientside.set_props(this.options.graph, { figure });
      dom.setHidden(this.empty, figure.data.some((trace) => trace.y.some((value) => value !== null)));
      this.drawCursor();
    }

    // A drag over one chart zooms all of them.
    zoomed(change) {
      const from = change["xaxis.range[0]"];
      if (from === undefined) return;
      const to = change["xaxis.range[1]"];
      if (to - from > 2000) view.setZoom([from, to]);
      else this.draw();
    }

    point(event) {
      const box = this.plot.getBoundingClientRect();
      const { l, r } = chartFigure.MARGIN;
      const share = (event.clientX - box.left - l) / (box.width - l - r);
      const [from, to] = this.range;
      view.setCursor(share < 0 || share > 1 ? null : from + share * (to - from));
    }

    drawCursor() {
      const { cursorAt } = view.settings;
      const [from, to] = this.range;
      const shown = cursorAt !== null && cursorAt >= from && cursorAt <= to;
      dom.setHidden(this.cursor, !shown);
      if (shown) {
        const { l, r } = chartFigure.MARGIN;
        const x = l + ((cursorAt - from) / (to - from)) * (this.plot.clientWidth - l - r);
        this.cursor.style.transform = "translateX(" + x.toFixed(1) + "px)";
        dom.setText(this.cursor.firstElementChild, format.time(cursorAt));
        this.cursor.classList.toggle("is-last", x > this.plot.clientWidth - LABEL_PIXELS / 2);
      }
      this.drawLegend(shown ? cursorAt : null);
    }

    drawLegend(at) {
      if (!this.columns) return;
      const place = this.placeOf(at);
      for (const { column } of this.options.traces) {
        const values = chartFigure.column(this.columns, column);
        const value = place === null ? null : values[place];
        dom.setText(dom.part(this.root, "value-" + column), chartFigure.READ[this.options.axis](value ?? null));
      }
    }

    // The bucket of a time; without one, the latest.
    placeOf(at) {
      const times = this.columns.at;
      if (!times.length) return null;
      if (at === null) return times.length - 1;
      let place = times.length - 1;
      while (place >= 0 && times[place] > at) place--;
      return place < 0 ? null : place;
    }
  }
})();
