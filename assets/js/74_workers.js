// The workers: state, slots in use, what each has in hand, done and failed; drain and resume.
(function () {
  "use strict";
  const { dom, view, format, words, clock, fleet } = window.jobhub;
  const { element, setText } = dom;
  const TYPES_NAMED = 3;
  const OFFLINE_SHOWN = 20;

  function make(worker) {
    const name = element("a", { class: "entry-name row-link", title: worker.worker_id }, [worker.worker_id]);
    name.href = fleet.href(worker.worker_id);
    return element("li", { class: "entry worker" }, [
      element("div", { class: "entry-line" }, [
        name,
        element("span", { class: "pill", "data-part": "status" }),
        element("span", { class: "entry-figure", "data-part": "slots" }),
        fleet.actionButton(worker.worker_id),
      ]),
      element("div", { class: "slots", "data-part": "bar", "aria-hidden": "true" }),
      element("div", { class: "entry-note", "data-part": "jobs" }),
    ]);
  }

  function update(node, worker, jobs) {
    const status = dom.part(node, "status");
    setText(status, words.word(worker.status));
    dom.setClass(status, "pill tone-" + words.tone(worker.status));
    const used = worker.job_ids.length;
    setText(dom.part(node, "slots"), used + "/" + worker.slots);
    fleet.drawSlots(dom.part(node, "bar"), used, worker.slots);
    const jobsNote = dom.part(node, "jobs");
    setText(jobsNote, describe(worker, jobs));
    dom.setAttribute(jobsNote, "title", worker.job_ids.join(", "));
    fleet.drawAction(node.querySelector("button"), worker);
    dom.setClass(node, worker.status === "offline" ? "entry worker is-offline" : "entry worker");
  }

  // "build_report ×2, transcode", or when it was last heard of.
  function describe(worker, jobs) {
    if (worker.status === "offline") {
      const heard = worker.last_heartbeat_at;
      return "gone" + (heard ? ", last heard " + format.age(clock.now() - heard) + " ago" : "");
    }
    const tally = new Map();
    for (const id of worker.job_ids) {
      const type = jobs.has(id) ? jobs.get(id).job_type : "job";
      tally.set(type, (tally.get(type) || 0) + 1);
    }
    const named = [...tally].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const texts = named.slice(0, TYPES_NAMED).map(([type, count]) => (count > 1 ? type + " ×" + count : type));
    if (named.length > TYPES_NAMED) texts.push("…");
    return texts.join(", ") || format.count(worker.completed) + " done, " + format.count(worker.failed) + " failed";
  }

  window.jobhub.widget("workers", (root) => {
    const rows = dom.part(root, "rows");
    const empty = dom.part(root, "empty");

    function draw({ workers, jobs }) {
      const sorted = [...workers.values()].sort(fleet.compare);
      const here = sorted.filter((worker) => worker.status !== "offline").length;
      const shown = sorted.slice(0, here + OFFLINE_SHOWN);
      dom.reconcile(rows, shown, (worker) => worker.worker_id, make, (node, worker) => update(node, worker, jobs));
      dom.showEmpty(empty, !shown.length);
    }

    return view.subscribe(["workers", "active", "tick"], draw, { everyMs: 200, root });
  });
})();
