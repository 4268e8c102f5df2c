// The workers: state, slots in use, what each has in hand, done and failed; drain and resume.
(function () {
  "use strict";
  const { dom, view, format, actions, words, clock } = window.jobhub;
  const { element, setText } = dom;
  const RANK = { busy: 0, idle: 0, draining: 0, offline: 1 }; // who is there stands first, by name
  const SLOTS_DRAWN = 24; // more become one bar
  const TYPES_NAMED = 3;
  const OFFLINE_SHOWN = 20;

  function make(worker) {
    const button = element("button", { class: "button button-small", type: "button" }, [""]);
    button.addEventListener("click", async () => {
      button.disabled = true;
      await actions.run(button.dataset.action, [worker.worker_id]);
      button.disabled = false;
    });
    return element("li", { class: "entry worker" }, [
      element("div", { class: "entry-line" }, [
        element("span", { class: "entry-name", title: worker.worker_id }, [worker.worker_id]),
        element("span", { class: "pill", "data-part": "status" }),
        element("span", { class: "entry-figure", "data-part": "slots" }),
        button,
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
    drawSlots(dom.part(node, "bar"), used, worker.slots);
    const jobsNote = dom.part(node, "jobs");
    setText(jobsNote, describe(worker, jobs));
    dom.setAttribute(jobsNote, "title", worker.job_ids.join(", "));
    const button = node.querySelector("button");
    const draining = worker.status === "draining";
    dom.setHidden(button, worker.status === "offline");
    setText(button, draining ? "Resume" : "Drain");
    dom.setAttribute(button, "data-action", draining ? "resume_worker" : "drain_worker");
    dom.setAttribute(button, "aria-label", (draining ? "Resume " : "Drain ") + worker.worker_id);
    dom.setClass(node, worker.status === "offline" ? "entry worker is-offline" : "entry worker");
  }

  function drawSlots(bar, used, slots) {
    const drawn = Math.min(slots, SLOTS_DRAWN);
    while (bar.children.length > drawn) bar.lastElementChild.remove();
    while (bar.children.length < drawn) bar.append(element("span", { class: "slot" }));
    const filled = Math.ceil((Math.min(used, slots) / slots) * drawn);
    [...bar.children].forEach((slot, at) => dom.setClass(slot, at < filled ? "slot is-used" : "slot"));
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
      const sorted = [...workers.values()].sort(
        (a, b) => RANK[a.status] - RANK[b.status] || a.worker_id.localeCompare(b.worker_id, "en", { numeric: true }),
      );
      const here = sorted.filter((worker) => worker.status !== "offline").length;
      const shown = sorted.slice(0, here + OFFLINE_SHOWN);
      dom.reconcile(rows, shown, (worker) => worker.worker_id, make, (node, worker) => update(node, worker, jobs));
      dom.showEmpty(empty, !shown.length);
    }

    return view.subscribe(["workers", "active", "tick"], draw, { everyMs: 200 });
  });
})();
