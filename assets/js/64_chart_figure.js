// Builds the figure of a live chart: traces and layout for Plotly, in the colours of the theme.
//
// Margins are fixed, so the page knows where a time stands without asking Plotly (time cursor), and
// nothing shifts when labels get longer. Time is a plain number axis with ticks of our own, because
// Plotly's date axis knows only UTC.
(function () {
  "use strict";
  const { format, theme } = window.jobhub;
  const MARGIN = { l: 48, r: 14, t: 10, b: 26 };
  const MIN_MS = 1; // bottom of a logarithmic axis
  const TIME_STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
  const PIXELS_A_LABEL = 72;
  const SPAN_TICKS = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000];

  // How a value of an axis kind reads in a legend.
  const READ = {
    rate: (value) => format.rate(value) + (value === null ? "" : "/s"),
    span: (value) => format.span(value),
    share: (value) => (value === null ? format.DASH : format.percent(value) + "%"),
  };

  // Columns of 60_buckets.js, and what follows from them.
  const DERIVED = {
    utilisation: ({ busy, offered }) =>
      busy.map((value, at) => (value === null || !offered[at] ? null : Math.min(1, value / offered[at]))),
  };

  function column(columns, name) {
    return DERIVED[name] ? DERIVED[name](columns) : columns[name];
  }

  // range: [from, to] in ms; width: of the plot in pixels.
  function build({ traces, axis }, columns, range, width) {
    const values = traces.map((trace) => column(columns, trace.column));
    return {
      data: traces.map((trace, at) => line(trace, columns.at, values[at], axis)).reverse(), // the first on top
      layout: layout(axis, values, range, width),
    };
  }

  function line({ label, colour, fill }, at, values, axis) {
    const shown = axis === "span" ? values.map((value) => value && Math.max(MIN_MS, value)) : values;
    return {
      type: "scatter",
      mode: "lines",
      name: label,
      x: at,
      y: shown,
      connectgaps: axis === "span", // a second in which no job started has no wait
      line: { color: theme.colour(colour), width: 1.8, shape: "linear" },
      fill: fill ? "tozeroy" : "none",
      fillcolor: theme.faded(colour, 0.1),
      hoverinfo: "skip",
    };
  }

  function layout(axis, values, range, width) {
    const quiet = { color: theme.colour("faint"), size: 11.5, family: "Inter, sans-serif" };
    const lines = { gridcolor: theme.colour("border"), linecolor: theme.colour("border"), zeroline: false };
    return {
      margin: MARGIN,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: quiet,
      showlegend: false,
      hovermode: false,
      dragmode: coarse() ? false : "zoom",
      uirevision: "live",
      xaxis: {
        range,
        autorange: false,
        fixedrange: coarse(),
        showgrid: false,
        zeroline: false,
        showline: true,
        linecolor: theme.colour("border"),
        ...timeTicks(range, width),
      },
      yaxis: { ...lines, fixedrange: true, autorange: false, ...VALUE_AXIS[axis](values) },
    };
  }

  const VALUE_AXIS = {
    rate(values) {
      const top = niceTop(highest(values), 4);
      return { range: [0, top], tickvals: [0, 0.25, 0.5, 0.75, 1].map((share) => share * top), ticktext: undefined };
    },
    share() {
      return { range: [0, 1.02], tickvals: [0, 0.25, 0.5, 0.75, 1], ticktext: ["0%", "25%", "50%", "75%", "100%"] };
    },
    span(values) {
      const top = Math.max(100, highest(values));
      const bottom = Math.max(MIN_MS, lowest(values) / 2);
      const ticks = SPAN_TICKS.filter((tick) => tick <= top * 2);
      return {
        type: "log",
        range: [Math.log10(bottom < 10 ? MIN_MS : bottom / 2), Math.log10(top * 1.6)],
        tickvals: ticks,
        ticktext: ticks.map((tick) => format.span(tick).replace(":00", "").replace(".0", "")),
      };
    },
  };

  function highest(values) {
    let top = 0;
    for (const list of values) for (const value of list) if (value !== null && value > top) top = value;
    return top;
  }

  function lowest(values) {
    let bottom = Infinity;
    for (const list of values) for (const value of list) if (value !== null && value < bottom) bottom = value;
    return bottom === Infinity ? MIN_MS : bottom;
  }

  // The next of 1, 1.2, 1.6, 2 ... 10, 12 ... above the highest value: rarely changes, so the axis holds still.
  function niceTop(top) {
    const wanted = Math.max(top * 1.08, 1);
    const unit = 10 ** Math.floor(Math.log10(wanted));
    for (const step of [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10]) if (step * unit >= wanted) return step * unit;
    return 10 * unit;
  }

  // Round local times, as many as the width holds.
  function timeTicks([from, to], width) {
    const spanS = (to - from) / 1000;
    const labels = Math.max(2, Math.floor(width / PIXELS_A_LABEL));
    const stepS = TIME_STEPS_S.find((step) => spanS / step <= labels) || 3600 * Math.ceil(spanS / labels / 3600);
    const zone = new Date(from).getTimezoneOffset() * 60_000;
    const stepMs = stepS * 1000;
    const tickvals = [];
    for (let at = Math.ceil((from - zone) / stepMs) * stepMs + zone; at <= to; at += stepMs) tickvals.push(at);
    return { tickvals, ticktext: tickvals.map((at) => format.axisTime(at, stepS < 60)) };
  }

  function coarse() {
    return window.matchMedia("(pointer: coarse)").matches; // a finger scrolls the page, it does not zoom
  }

  window.jobhub.chartFigure = { build, column, niceTop, timeTicks, MARGIN, READ };
})();
