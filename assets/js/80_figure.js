// The "figure" widget: a Plotly figure that the server made, in the colours of the theme on screen.
//
// options: {graph: id of the dcc.Graph inside, figure, brush}. Strings "token:NAME" and "token:NAME/ALPHA"
// in the figure are colours of assets/css/00_tokens.css. With `brush`, a range dragged over the chart
// becomes the range of the page: every panel, the URL and the export follow it.
(function () {
  "use strict";
  const { theme } = window.jobhub;

  function coloured(value) {
    if (typeof value === "string") {
      const token = /^token:([a-z-]+)(?:\/([\d.]+))?$/.exec(value);
      if (!token) return value;
      return token[2] ? theme.faded(token[1], token[2]) : theme.colour(token[1]);
    }
    if (Array.isArray(value)) return value.map(coloured);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, coloured(item)]));
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

  function mount(element, options) {
    let plot = null;
    const draw = () => {
      const figure = coloured(options.figure);
      window.dash_clientside.set_props(options.graph, { figure });
      // Dash draws later; a page that prints in other colours is on paper by then.
      if (plot && plot.isConnected && window.Plotly) window.Plotly.react(plot, figure.data, figure.layout);
    };
    const watch = new MutationObserver(() => {
      const found = element.querySelector(".js-plotly-plot");
      if (!found || found === plot || !found.on) return;
      plot = found;
      plot.on("plotly_relayout", brushed); // Plotly takes its listeners down with the plot
    });
    if (options.brush) watch.observe(element, { childList: true, subtree: true, attributes: true });
    const unlisten = theme.onChange(draw);
    draw();
    return () => {
      watch.disconnect();
      unlisten();
    };
  }

  window.jobhub.widget("figure", mount);
})();
