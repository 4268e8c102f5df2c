// The event log: the newest events as sentences, newest first.
(function () {
  "use strict";
  const { dom, view, format, words } = window.jobhub;
  const { element } = dom;
  const SHOWN = 80; // of the 500 that the store keeps

  const REASONS = {
    cancelled: "cancelled",
    requeued: "back in line",
    promoted: "due, in line now",
    retried: "retried by hand",
    started: "started",
  };

  // {tone, text, subject} of an event.
  function describe(event) {
    if (event.worker_id && event.worker) return describeWorker(event);
    const job = event.job || {};
    const subject = event.job_id ? (job.job_type || "job") + " " + format.shortId(event.job_id) : event.job_type || "";
    const where = job.worker_id ? " on " + job.worker_id : "";
    switch (event.type) {
      case "job_submitted":
        return { subject, tone: words.tone(event.new_status), text: event.new_status === "scheduled" ? "scheduled" : "submitted" };
      case "job_assigned":
        return { subject, tone: "blue", text: "assigned" + where.replace(" on ", " to ") };
      case "job_completed":
        return { subject, tone: "green", text: "completed" + where + spent(job) };
      case "job_failed":
        return { subject, tone: "rose", text: (event.will_retry ? "failed, will retry" : "failed") + cause(job) };
      case "job_updated":
        return { subject, tone: "grey", text: "changed" };
      case "queue_changed":
        return { subject, tone: event.paused ? "amber" : "grey", text: event.paused ? "paused" : "queue changed" };
      case "result_rejected":
        return { subject, tone: "amber", text: "late result rejected" };
      case "operator_action":
        return { subject, tone: "violet", text: event.action || "operator action" };
      default:
        return { subject, tone: words.tone(event.new_status), text: moved(event) + where };
    }
  }

  function describeWorker(event) {
    const tone = words.tone(event.new_status);
    const text = {
      worker_connected: "connected",
      worker_disconnected: "disconnected" + (event.reason ? ", " + event.reason.replaceAll("_", " ") : ""),
    }[event.type];
    return { subject: event.worker_id, tone, text: text || words.word(event.new_status).toLowerCase() };
  }

  function moved(event) {
    return REASONS[event.reason] || (event.reason || words.word(event.new_status)).replaceAll("_", " ").toLowerCase();
  }

  function spent(job) {
    return job.run_ms === undefined ? "" : " in " + format.span(job.run_ms);
  }

  function cause(job) {
    return job.error ? ": " + job.error.type : "";
  }

  function make(event) {
    const { tone, text, subject } = describe(event);
    return element("li", { class: "event" }, [
      element("time", { class: "event-time", title: format.exact(event.timestamp) }, [format.time(event.timestamp)]),
      element("span", { class: "event-dot tone-" + tone, "aria-hidden": "true" }),
      element("span", { class: "event-text", title: event.job_id || event.worker_id || "" }, [
        element("span", { class: "event-subject" }, [subject]),
        " " + text,
      ]),
    ]);
  }

  const PROBLEMS = new Set(["job_failed", "result_rejected", "worker_disconnected"]);
  const BELONGS = {
    all: () => true,
    problems: (event) => PROBLEMS.has(event.type) || event.reason === "lease_expired",
    jobs: (event) => Boolean(event.job_id),
    workers: (event) => Boolean(event.worker),
    operators: (event) => event.type === "operator_action" || event.type === "queue_changed",
  };

  // The newest events of a kind, newest first.
  function newest(log, belongs) {
    const found = [];
    for (let at = log.length - 1; at >= 0 && found.length < SHOWN; at--) if (belongs(log[at])) found.push(log[at]);
    return found;
  }

  window.jobhub.widget("event_log", (root) => {
    const rows = dom.part(root, "rows");
    const empty = dom.part(root, "empty");
    const kinds = dom.part(root, "kinds");

    function draw({ log }) {
      const shown = newest(log, BELONGS[kinds.value]);
      dom.reconcile(rows, shown, (event) => event.seq, make, () => {});
      dom.showEmpty(empty, !shown.length);
    }

    kinds.addEventListener("change", () => draw(window.jobhub.store.state));
    return view.subscribe("log", draw, { everyMs: 250, root });
  });
})();
