// The legend of a live chart: a line and a value a trace; a split brings its own traces.
(function () {
  "use strict";
  const { dom, chartFigure } = window.jobhub;

  class ChartLegend {
    constructor(root, axis) {
      this.axis = axis;
      this.fixed = dom.part(root, "legend");
      this.split = dom.part(root, "legend-split");
    }

    // traces: {column, label, colour}; columns: of the chart; place: the bucket whose values are told, null for
    // the latest known ones.
    draw(traces, columns, place, isSplit) {
      dom.setHidden(this.fixed, isSplit);
      dom.setHidden(this.split, !isSplit);
      if (isSplit) dom.reconcile(this.split, traces, keyOf, make, () => {});
      const list = isSplit ? this.split : this.fixed;
      for (const { column } of traces) {
        const values = chartFigure.column(columns, column) || [];
        const value = place === null ? latest(values) : values[place];
        dom.setText(dom.part(list, "value-" + column), chartFigure.READ[this.axis](value ?? null));
      }
    }
  }

  // A bucket in which no job finished has no run time: the one before it still tells how long jobs take.
  function latest(values) {
    for (let place = values.length - 1; place >= 0; place--) if (values[place] !== null) return values[place];
    return null;
  }

  // A group that takes another's place has another colour as well.
  function keyOf({ column, label }) {
    return column + " " + label;
  }

  function make({ column, label, colour }) {
    return dom.element("li", { title: label }, [
      dom.element("span", { class: "legend-line", style: "background: var(--" + colour + ")" }),
      dom.element("span", { class: "legend-name" }, [label]),
      dom.element("span", { class: "legend-value", "data-part": "value-" + column }),
    ]);
  }

  window.jobhub.ChartLegend = ChartLegend;
})();
