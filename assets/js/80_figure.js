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

  window.jobhub.widget("figure", (element, { figure, brush }) => {
    const graph = element.querySelector(".figure-graph");
    let Plotly = null; // once it is loaded
    let mounted = true;
    const draw = () => Plotly && Plotly.react(graph, tracesOf(figure), coloured(figure.layout), CONFIG);
    const resized = new ResizeObserver(() => graph.clientWidth && Plotly.Plots.resize(graph));
    const unlisten = theme.onChange(draw);
    window.jobhub.plotly().then((loaded) => {
      if (!mounted) return;
      Plotly = loaded;
      draw();
      resized.observe(graph);
      graph.removeAllListeners("plotly_relayout"); // of the figure that was drawn here before
      if (brush) graph.on("plotly_relayout", brushed);
    });
    return () => {
      mounted = false;
      resized.disconnect();
      unlisten();
      // Another range draws over this figure; Plotly lets go of one whose page was left.
      if (Plotly && !graph.isConnected) Plotly.purge(graph);
    };
  });
})();
