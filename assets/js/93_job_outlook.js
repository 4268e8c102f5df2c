// While a job waits: its place in line, and which workers fit and why the others do not.
(function () {
  "use strict";
  const { dom, format, words, jobAttempts } = window.jobhub;
  const { element } = dom;
  const WORKERS_SHOWN = 50;

  // unworkable: no connected worker fits, so its turn would pass it over.
  function drawPosition(root, place, unworkable, now) {
    const { position, pending, starts_per_s, status } = place;
    const at = unworkable && status === "pending" ? null : place.estimated_start_at;
    const place_text = position === null ? "Not in line" : format.count(position) + " of " + format.count(pending);
    const rate = starts_per_s ? format.rate(starts_per_s) + " jobs a second are started" : "Nothing was started in the last minute";
    root.replaceChildren(
      element("div", { class: "job-place" }, [place_text]),
      element("p", { title: format.exact(at) }, [at === null && unworkable ? "No estimate: no connected worker fits it" : starts(status, at, now)]),
      element("p", { class: "muted" }, [rate]),
    );
  }

  function starts(status, at, now) {
    if (at === null) return "No estimate: its queue is paused, or nothing moves";
    const left = at - now;
    const when = left > 0 ? "in " + format.age(left) : "now";
    return status === "scheduled" ? "Due " + when + ", then it gets in line" : "Starts about " + when;
  }

  function drawMatch(root, report) {
    const { workers, paused, unworkable, truncated } = report;
    const warnings = [
      paused ? "Its queue is paused: no worker gets it." : null,
      unworkable ? "No connected worker fits: " + unworkable : null,
    ].filter(Boolean);
    const sorted = workers.slice().sort((a, b) => rank(a) - rank(b));
    const shown = sorted.slice(0, WORKERS_SHOWN);
    const hidden = workers.length - shown.length;
    const more = truncated || hidden ? (truncated ? "More workers are not shown" : format.plural(hidden, "more worker")) : null;
    root.replaceChildren(
      ...warnings.map((text) => element("p", { class: "job-warning", role: "status" }, [text])),
      element("ul", { class: "rows" }, shown.map(workerRow)),
      ...(more ? [element("p", { class: "job-none" }, [more])] : []),
      ...(workers.length ? [] : [element("p", { class: "job-none" }, ["No worker has connected yet"])]),
    );
  }

  // Who could take it now, then who fits, then who is there.
  function rank({ fits, waits_for, status }) {
    return (fits ? 0 : 4) + (waits_for ? 1 : 0) + (status === "offline" ? 2 : 0);
  }

  function workerRow({ worker_id, status, fits, reasons, waits_for }) {
    const verdict = fits ? (waits_for ? "Fits, but " + waits_for : "Fits, and has room") : reasons.join("; ");
    return element("li", { class: "entry" + (status === "offline" ? " is-offline" : "") }, [
      element("div", { class: "entry-line" }, [
        element("span", { class: "job-fit " + (fits ? "is-fit" : "is-misfit"), "aria-hidden": "true" }, [fits ? "✓" : "✕"]),
        element("span", { class: "entry-name" }, [jobAttempts.worker(worker_id)]),
        words.pill(status),
      ]),
      element("bdi", { class: "job-verdict" }, [verdict]),
    ]);
  }

  function drawSiblings(root, list, own) {
    const jobs = list.jobs.slice().sort((a, b) => (a.step_number || 0) - (b.step_number || 0));
    const all = "/jobs?workflow_id=" + encodeURIComponent(own.workflow_id);
    root.replaceChildren(
      element("ul", { class: "rows" }, jobs.map((job) => siblingRow(job, own))),
      element("p", { class: "job-none" }, [element("a", { class: "row-link", href: all }, ["Open all in Jobs"])]),
    );
  }

  function siblingRow(job, own) {
    const step = job.step_number === undefined ? "" : job.step_number + (job.total_steps ? "/" + job.total_steps : "") + " ";
    const id = element("span", { class: "mono" }, [format.shortId(job.job_id)]);
    const isOwn = job.job_id === own.job_id;
    const link = element("a", { class: "row-link", href: "/jobs/" + encodeURIComponent(job.job_id) }, [id]);
    return element("li", { class: "entry", "aria-current": isOwn ? "true" : null }, [
      element("div", { class: "entry-line" }, [
        element("span", { class: "entry-name" }, [step + job.job_type + " ", isOwn ? element("strong", {}, ["this job"]) : link]),
        words.pill(job.status),
      ]),
    ]);
  }

  window.jobhub.jobOutlook = { drawPosition, drawMatch, drawSiblings };
})();
