// The queues: what waits by job type, since when, what no worker can take and why, and the pause switch.
(function () {
  "use strict";
  const { dom, view, clock, format, actions, Trend } = window.jobhub;
  const { element, setText } = dom;

  function make(queue) {
    const button = element("button", { class: "button button-small", type: "button" }, [""]);
    button.addEventListener("click", async () => {
      button.disabled = true;
      await actions.run(button.dataset.action, [queue.job_type]);
      button.disabled = false;
    });
    return element("li", { class: "entry queue" }, [
      element("div", { class: "entry-line" }, [
        element("span", { class: "entry-name", title: queue.job_type }, [queue.job_type]),
        element("span", { class: "pill tone-amber", "data-part": "paused" }, ["Paused"]),
        element("span", { class: "entry-figure", "data-part": "pending" }),
        button,
      ]),
      element("div", { class: "meter", "aria-hidden": "true" }, [element("div", { class: "meter-fill" })]),
      element("div", { class: "entry-note", "data-part": "age" }),
      element("div", { class: "entry-warning", "data-part": "unworkable" }),
    ]);
  }

  function update(node, queue, most, trend) {
    setText(dom.part(node, "pending"), format.count(queue.pending));
    dom.setHidden(dom.part(node, "paused"), !queue.paused);
    const button = node.querySelector("button");
    setText(button, queue.paused ? "Resume" : "Pause");
    dom.setAttribute(button, "data-action", queue.paused ? "resume_queue" : "pause_queue");
    dom.setAttribute(button, "aria-label", (queue.paused ? "Resume " : "Pause ") + queue.job_type);
    dom.setScale(node.querySelector(".meter-fill"), most ? queue.pending / most : 0);
    dom.setClass(node, queue.paused ? "entry queue is-paused" : "entry queue");
    setText(dom.part(node, "age"), [waits(queue), drains(queue, trend)].filter(Boolean).join(" · "));
    const stuck = dom.part(node, "unworkable");
    setText(stuck, queue.unworkable.map(describe).join(" · "));
    dom.setHidden(stuck, !queue.unworkable.length);
  }

  function waits({ pending, oldest_pending_at: oldestAt }) {
    if (!pending) return "nothing waits";
    return oldestAt ? "oldest waits " + format.age(clock.now() - oldestAt) : null;
  }

  function drains({ pending, paused }, trend) {
    if (!pending || paused || trend.slope === null) return null;
    if (trend.drainMs !== Infinity) return "empty in " + format.age(trend.drainMs);
    return trend.slope > 0 ? "growing by " + format.rate(trend.slope) + "/s" : null;
  }

  function describe({ count, reason }) {
    return format.plural(count, "job") + " that no worker can take: " + reason;
  }

  window.jobhub.widget("queues", (root) => {
    const rows = dom.part(root, "rows");
    const empty = dom.part(root, "empty");
    const trends = new Map(); // job type -> Trend

    function sample({ queues }) {
      if (window.jobhub.stream.status.state !== "live") {
        trends.clear(); // a gap is no slope
        return;
      }
      const second = Math.floor(clock.now() / 1000);
      for (const type of trends.keys()) if (!queues.has(type)) trends.delete(type);
      for (const { job_type: type, pending } of queues.values()) {
        if (!trends.has(type)) trends.set(type, new Trend());
        trends.get(type).tell(second, pending);
      }
    }

    function draw({ queues }) {
      const shown = [...queues.values()].sort((a, b) => (a.job_type < b.job_type ? -1 : 1));
      const most = shown.reduce((top, queue) => Math.max(top, queue.pending), 0);
      dom.reconcile(rows, shown, (queue) => queue.job_type, make, (node, queue) =>
        update(node, queue, most, trends.get(queue.job_type) || new Trend()),
      );
      dom.showEmpty(empty, !shown.length);
    }

    const ends = [
      window.jobhub.store.subscribe("tick", sample, { everyMs: 1000 }),
      view.subscribe(["queues", "tick"], draw, { everyMs: 200, root }),
    ];
    return () => ends.forEach((end) => end());
  });
})();
