// The "figure" widget: a Plotly figure that the server made, in the colours of the theme on screen.
//
// options: {figure, brush}. Strings "token:NAME" and "token:NAME/ALPHA" in the figure are colours of
// assets/css/00_tokens.css; a trace without `x` stands on the figure's `times`. With `brush`, a range dragged
// over the chart becomes the range of the page: every panel, the URL and the export follow it.
//
// Plotly draws into the widget itself: a dcc.Graph would draw an empty figure first, and each one twice.
(function () {
  "use strict";
  const { theme } = window.jobhub;
  const CONFIG = { displayModeBar: false, doubleClick: false, showTips: false };
  const PRINTING = ["beforeprint", "afterprint"];
  const VALUES = new Set(["x", "y", "z", "customdata"]); // no colours in there, and most of a figure

  function coloured(value) {
    if (typeof value === "string") {
      const token = /^token:([a-z-]+)(?:\/([\d.]+))?$/.exec(value);
      if (!token) return value;
      return token[2] ? theme.faded(token[1], token[2]) : theme.colour(token[1]);
    }
    if (Array.isArray(value)) return value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    const items = Object.entries(value);
    return Object.fromEntries(items.map(([name, item]) => [name, VALUES.has(name) ? item : coloured(item)]));
  }

  function tracesOf({ data, times }) {
    return coloured(data).map((trace) => (times && !trace.x ? { ...trace, x: times } : trace));
  }

  // Local time as the inputs of the page write it; the server reads it in the viewer's time zone.
  function localTime(text) {
    return String(text).slice(0, 19).replace(" ", "T");
  }

  function brushed(change) {
    const from = change["xaxis.range[0]"];
    const to = change["xaxis.range[1]"];
    if (from === undefined || to === undefined) return;
    const words = new URLSearchParams(window.location.search);
    words.delete("range");
    words.set("from", localTime(from));
    words.set("to", localTime(to));
    window.jobhub.navigation.go(window.location.pathname + "?" + words);
  }

  // Draws a figure in an element, as large as that is.
  class Drawing {
    constructor(graph, { figure, brush }) {
      Object.assign(this, { graph, figure, brush, Plotly: null, width: 0 });
    }

    draw() {
      const { graph, figure, Plotly } = this;
      this.width = graph.clientWidth;
      if (!Plotly || !this.width) return; // it is told when it is loaded, and when there is room
      const layout = { ...coloured(figure.layout), width: this.width, height: graph.clientHeight };
      Plotly.react(graph, tracesOf(figure), layout, CONFIG);
      graph.removeAllListeners("plotly_relayout"); // of the figure that was drawn here before
      if (this.brush) graph.on("plotly_relayout", brushed);
    }

    fit() {
      if (this.graph.clientWidth !== this.width) this.draw();
    }
  }

  window.jobhub.widget("figure", (element, options) => {
    const graph = element.querySelector(".figure-graph");
    const drawing = new Drawing(graph, options);
    const draw = () => drawing.draw();
    let mounted = true;
    const resized = new ResizeObserver(() => drawing.fit());
    const unlisten = theme.onChange(draw);
    for (const moment of PRINTING) window.addEventListener(moment, draw); // 89_print.js has laid the page out
    window.jobhub.plotly().then((Plotly) => {
      if (!mounted) return;
      drawing.Plotly = Plotly;
      draw();
      resized.observe(graph);
    });
    return () => {
      mounted = false;
      resized.disconnect();
      unlisten();
      for (const moment of PRINTING) window.removeEventListener(moment, draw);
      // Another range draws over this figure; Plotly lets go of one whose page was left.
      if (drawing.Plotly && !graph.isConnected) drawing.Plotly.purge(graph);
    };
  });
})();
