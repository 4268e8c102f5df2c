// The swimlane of a worker: a lane a slot, a bar a job, one hour wide. The hub does not number slots, so
// a bar takes the first lane that is free when it starts, and keeps it.
(function () {
  "use strict";
  const { dom, format, words, workerJobs } = window.jobhub;
  const SVG = "http://www.w3.org/2000/svg";
  const LANE = 10; // height of a lane in the drawing; the element stretches it
  const LANE_PX = [8, 24]; // on screen
  const HEIGHT_PX = 320;
  const LEAST_S = 4; // a shorter job is drawn this long: one pixel on a laptop
  const INSET = { failed: 0.5 }; // the rest leaves more of its lane, so that colour is not all that tells

  class Lanes {
    constructor(root, lengthS) {
      Object.assign(this, { root, lengthS, base: null, lanes: new Map(), ends: [] });
      this.svg = make("svg", { preserveAspectRatio: "none", role: "img" });
      this.bars = make("g", {});
      this.svg.append(this.bars);
      root.replaceChildren(this.svg);
      this.svg.addEventListener("click", (event) => {
        const bar = event.target.closest("rect");
        if (bar) window.jobhub.navigation.go("/jobs/" + encodeURIComponent(bar.dataset.job));
      });
    }

    draw(jobs, slots, now) {
      this.base = this.base || now;
      const bars = jobs.bars(now - this.lengthS * 1000);
      this.place(bars, slots, now);
      const count = Math.max(slots, this.ends.length);
      const height = Math.max(LANE_PX[0], Math.min(LANE_PX[1], HEIGHT_PX / count)) * count;
      if (this.root.style.height !== height + "px") this.root.style.height = height + "px";
      dom.setAttribute(this.svg, "viewBox", "0 0 " + this.lengthS + " " + count * LANE);
      const shift = this.lengthS - (now - this.base) / 1000;
      dom.setAttribute(this.bars, "transform", "translate(" + shift.toFixed(1) + " 0)");
      const key = (job) => keyOf(job);
      dom.reconcile(this.bars, bars, key, makeBar, (node, job) => this.update(node, job, now));
      dom.setAttribute(this.svg, "aria-label", this.describe(bars, slots, now));
    }

    // Give every new bar its lane. Lanes beyond the slots appear where the worker once had more.
    place(bars, slots, now) {
      const shown = new Set(bars.map(keyOf));
      for (const key of this.lanes.keys()) if (!shown.has(key)) this.lanes.delete(key);
      this.ends = Array.from({ length: slots }, () => 0);
      const fresh = [];
      for (const job of bars) {
        const lane = this.lanes.get(keyOf(job));
        if (lane === undefined) fresh.push(job);
        else this.ends[lane] = Math.max(this.ends[lane] || 0, endOf(job, now));
      }
      for (const job of fresh) {
        let lane = this.ends.findIndex((end) => (end || 0) <= workerJobs.start(job));
        if (lane < 0) lane = this.ends.length < slots * 2 ? this.ends.length : earliest(this.ends);
        this.lanes.set(keyOf(job), lane);
        this.ends[lane] = Math.max(this.ends[lane] || 0, endOf(job, now));
      }
    }

    update(bar, job, now) {
      const from = (workerJobs.start(job) - this.base) / 1000;
      const length = Math.max(LEAST_S, (endOf(job, now) - workerJobs.start(job)) / 1000);
      const inset = INSET[job.status] || 2;
      dom.setAttribute(bar, "x", from.toFixed(1));
      dom.setAttribute(bar, "width", length.toFixed(1));
      dom.setAttribute(bar, "y", String(this.lanes.get(keyOf(job)) * LANE + inset));
      dom.setAttribute(bar, "height", String(LANE - 2 * inset));
      dom.setAttribute(bar, "class", "lane-bar lane-" + (workerJobs.isRunning(job) ? "in_progress" : job.status));
      dom.setText(bar.firstElementChild, about(job));
    }

    describe(bars, slots, now) {
      const since = now - this.lengthS * 1000;
      let busyMs = 0;
      for (const job of bars) busyMs += endOf(job, now) - Math.max(since, workerJobs.start(job));
      const share = Math.min(1, busyMs / (this.lengthS * 1000 * slots));
      return "Last hour: " + format.plural(bars.length, "job") + ", slots busy " + format.percent(share) + "% of the time";
    }
  }

  function make(tag, attributes) {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function makeBar(job) {
    const bar = make("rect", { "data-job": job.job_id });
    bar.append(make("title", {}));
    return bar;
  }

  function keyOf(job) {
    return job.job_id + " " + workerJobs.start(job);
  }

  function endOf(job, now) {
    return workerJobs.isRunning(job) ? Math.max(now, workerJobs.start(job)) : job.finished_at;
  }

  function earliest(ends) {
    return ends.indexOf(Math.min(...ends));
  }

  function about(job) {
    const run = job.run_ms === undefined ? null : format.span(job.run_ms);
    return [job.job_type, words.word(job.status), run, "since " + format.time(workerJobs.start(job)), job.job_id]
      .filter(Boolean)
      .join(" · ");
  }

  window.jobhub.WorkerLanes = Lanes;
})();
