// A sparkline: one line and its fill, as SVG stretched over its element. Pure but for the element.
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 100;
  const HEIGHT = 24;

  function create(element) {
    const svg = document.createElementNS(SVG, "svg");
    const fill = document.createElementNS(SVG, "path");
    const line = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 " + WIDTH + " " + HEIGHT);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    fill.setAttribute("class", "sparkline-fill");
    line.setAttribute("class", "sparkline-line");
    svg.append(fill, line);
    element.replaceChildren(svg);
    return function draw(values) {
      const strokes = paths(values);
      line.setAttribute("d", strokes.map(lineOf).join(""));
      fill.setAttribute("d", strokes.map(fillOf).join(""));
    };
  }

  // Points of each unbroken run of values; null breaks. The baseline is zero.
  function paths(values) {
    let top = 0;
    for (const value of values) if (value !== null && value > top) top = value;
    const runs = [];
    let run = null;
    values.forEach((value, index) => {
      if (value === null) {
        run = null;
        return;
      }
      if (!run) runs.push((run = []));
      const x = values.length > 1 ? (index / (values.length - 1)) * WIDTH : WIDTH;
      const y = top ? HEIGHT - 1.5 - (value / top) * (HEIGHT - 4) : HEIGHT - 1.5;
      run.push([x.toFixed(2), y.toFixed(2)]);
    });
    return runs.filter((points) => points.length > 1);
  }

  function lineOf(points) {
    return "M" + points.map((point) => point.join(" ")).join("L");
  }

  function fillOf(points) {
    const first = points[0][0];
    const last = points[points.length - 1][0];
    return lineOf(points) + "L" + last + " " + HEIGHT + "L" + first + " " + HEIGHT + "Z";
  }

  window.jobhub.sparkline = { create, paths };
})();
