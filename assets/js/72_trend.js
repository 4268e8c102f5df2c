// How fast a backlog shrinks: its length each second of the last minute. Pure but for what it is told.
//
// Drain time is backlog / (completion rate - arrival rate); the difference of the rates is the slope of the
// backlog, so nothing but its length has to be known.
(function () {
  "use strict";
  const KEPT_S = 60;
  const ENOUGH_S = 15; // before, a slope would be noise

  class Trend {
    constructor() {
      this.points = []; // [second, length], oldest first
    }

    tell(second, length) {
      const last = this.points[this.points.length - 1];
      if (last && last[0] >= second) last[1] = length;
      else this.points.push([second, length]);
      while (this.points[0][0] < second - KEPT_S) this.points.shift();
    }

    // Jobs a second, negative when the backlog shrinks; null while too little is known.
    get slope() {
      const [first] = this.points;
      const last = this.points[this.points.length - 1];
      if (!first || last[0] - first[0] < ENOUGH_S) return null;
      return (last[1] - first[1]) / (last[0] - first[0]);
    }

    // Milliseconds until it is empty; Infinity when it does not shrink; null when unknown.
    get drainMs() {
      const slope = this.slope;
      if (slope === null) return null;
      const length = this.points[this.points.length - 1][1];
      if (!length) return 0;
      return slope < 0 ? (length / -slope) * 1000 : Infinity;
    }
  }

  window.jobhub.Trend = Trend;
})();
