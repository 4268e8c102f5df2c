// A live chart (dashboard/components/chart.py): drawn from the store once a second, also while nothing
// happens; the legend tells the latest values, or those of the time under the pointer on any chart.
(function () {
  "use strict";
  const { dom, view, clock, buckets, chartFigure, theme, format, split, ChartLegend } = window.jobhub;
  const SLACK_MS = 100; // a tick comes a little early
  const LABEL_PIXELS = 64; // of the time under the cursor
  const GRAPH_WITHIN_MS = 30_000; // Plotly is 4.8 MB, and loads after the first paint
  const EVERY_MS = { 60: 1000, 300: 1000, 900: 2000, 3600: 5000 }; // by the window in s: a pixel of an hour is 8 s
  const REDRAWN = new Set(["windowS", "zoom", "split"]);

  window.jobhub.widget("live_chart", (root, options) => {
    const plot = root.querySelector(".chart-plot");
    const chart = new LiveChart(root, plot, options);
    const ends = [
      view.subscribe(["series", "tick", "status"], () => chart.drawDue(), { everyMs: 1000, root }),
      view.onChange((names) => {
        if (names.includes("cursorAt")) chart.drawCursor();
        if (names.some((name) => REDRAWN.has(name))) chart.draw();
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
      Object.assign(this, { root, plot, options, traces: [], columns: null, range: [0, 1], drawnAt: 0 });
      this.cursor = dom.part(root, "cursor");
      this.empty = dom.part(root, "empty");
      this.subtitle = dom.part(root, "subtitle");
      this.unsplit = this.subtitle.textContent;
      this.legend = new ChartLegend(root, options.axis);
    }

    get isSplit() {
      return view.settings.split !== "all";
    }

    drawDue() {
      const everyMs = this.isSplit ? 1000 : EVERY_MS[view.settings.windowS];
      if (performance.now() - this.drawnAt > everyMs - SLACK_MS) this.draw();
    }

    draw() {
      this.drawnAt = performance.now();
      const width = this.plot.clientWidth - chartFigure.MARGIN.l - chartFigure.MARGIN.r;
      if (width <= 0) return;
      this.read();
      const { axis } = this.options;
      const figure = chartFigure.build({ traces: this.traces, axis }, this.columns, this.range, width);
      this.plotted(figure);
      const isEmpty = !figure.data.some((trace) => trace.y.some((value) => value !== null));
      dom.setText(this.subtitle, this.isSplit ? this.options.split[view.settings.split] : this.unsplit);
      dom.setText(this.empty, this.isSplit && clock.isKnown() ? split.note : "No figures yet");
      dom.setHidden(this.empty, !isEmpty);
      this.drawCursor();
    }

    // The first figure goes the way of Dash, which makes the graph; the others straight to Plotly: through the
    // prop, React and Dash's state would look at each of them as well, once a second and chart.
    plotted(figure) {
      const graph = this.plot.querySelector(".js-plotly-plot");
      if (graph && graph.layout && window.Plotly) window.Plotly.react(graph, figure.data, figure.layout);
      else window.dash_clientside.set_props(this.options.graph, { figure });
    }

    // The figures of the window on screen: the hub's, or a line a job type or worker.
    read() {
      const { windowS, zoom } = view.settings;
      const { series } = window.jobhub.store.state;
      const stepS = buckets.STEPS_S[windowS];
      const known = clock.isKnown();
      const endS = known ? buckets.endSecond(series, clock.knownUntil()) : 0;
      const untilS = Math.max(endS, Math.floor(clock.now() / 1000) - 1);
      const firstS = Math.ceil((untilS - windowS) / stepS) * stepS;
      if (known) window.jobhub.history.ensure(untilS - windowS);
      split.ensure();
      const all = buckets.gather(series, firstS, endS, stepS);
      const { figure } = this.options.split;
      this.traces = this.isSplit ? split.traces(figure) : this.options.traces;
      this.columns = this.isSplit ? split.columns(figure, all) : all;
      this.range = zoom || [(untilS - windowS) * 1000, untilS * 1000];
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
      const place = at === null ? null : this.placeOf(at);
      this.legend.draw(this.traces, this.columns, place, this.isSplit);
    }

    // The bucket of a time; -1 before the first.
    placeOf(at) {
      const times = this.columns.at;
      let place = times.length - 1;
      while (place >= 0 && times[place] > at) place--;
      return place;
    }
  }
})();
