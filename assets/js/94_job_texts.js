// What belongs to a job in its own words: facts, JSON and log. Text only, never markup.
(function () {
  "use strict";
  const { dom, format, jobAttempts } = window.jobhub;
  const { element } = dom;

  function json(value) {
    return JSON.stringify(value, null, 2);
  }

  // A block of text that scrolls by itself, with a button that copies it whole.
  function drawText(root, text, label) {
    let block = root.querySelector("pre");
    if (!block) {
      block = element("pre", { class: "job-text", tabindex: 0, role: "region", "aria-label": label });
      const copy = element("button", { class: "button button-small job-copy", type: "button", "aria-label": "Copy " + label }, ["Copy"]);
      copy.addEventListener("click", () => copyText(block.textContent, label));
      root.replaceChildren(block, copy);
    }
    const atEnd = block.scrollHeight - block.scrollTop - block.clientHeight < 8;
    const grows = block.textContent !== "" && text.startsWith(block.textContent);
    dom.setText(block, text);
    if (grows && atEnd) block.scrollTop = block.scrollHeight; // follows the log, unless the person reads further up
  }

  async function copyText(text, label) {
    const { toast } = window.jobhub.toasts;
    try {
      await window.navigator.clipboard.writeText(text);
      toast("good", label + " copied");
    } catch (error) {
      toast("bad", "The browser does not let the page copy");
    }
  }

  function none(root, text) {
    root.replaceChildren(element("p", { class: "job-none" }, [text]));
  }

  function drawFacts(root, job, now) {
    const link = (name) => element("a", { class: "row-link", href: "/jobs?" + name + "=" + encodeURIComponent(job[name]) }, [job[name]]);
    const moment = (at) => element("time", { title: format.exact(at) }, [format.time(at, now)]);
    const facts = [
      ["Id", element("span", { class: "mono" }, [job.job_id])],
      ["Type", link("job_type")],
      ["Priority", String(job.priority)],
      ["Customer", job.customer_id && link("customer_id")],
      ["Workflow", job.workflow_id && link("workflow_id")],
      ["Step", job.step_number === undefined ? null : job.step_number + (job.total_steps ? " of " + job.total_steps : "")],
      ["Worker", job.worker_id && jobAttempts.worker(job.worker_id)],
      ["Fence", job.fence && element("span", { class: "mono" }, [String(job.fence)])],
      ["Submitted", moment(job.created_at)],
      ["Submitted by", job.submitted_by && link("submitted_by")],
      ["Not before", job.run_at && moment(job.run_at)],
      ["Finished", job.finished_at && moment(job.finished_at)],
      ["Turnaround", job.finished_at && format.span(job.finished_at - job.created_at)],
      ["Attempts", job.max_attempts && "at most " + job.max_attempts],
      ["Timeout", job.timeout_s && format.span(job.timeout_s * 1000) + " an attempt"],
      ["Retry", job.retry && retryText(job.retry)],
      ["Idempotency key", job.idempotency_key],
    ].filter(([, value]) => value);
    root.replaceChildren(
      element("dl", { class: "job-facts-list" }, facts.flatMap(([name, value]) => [
        element("dt", {}, [name]),
        element("dd", {}, [value instanceof Node ? value : element("bdi", {}, [value])]),
      ])),
    );
  }

  function retryText({ kind, base_s, cap_s, jitter }) {
    if (kind === "none") return "none";
    const spread = jitter ? " ± " + Math.round(jitter * 100) + "%" : "";
    if (kind === "fixed") return "after " + format.span(base_s * 1000) + spread;
    return "doubling from " + format.span(base_s * 1000) + " to " + format.span(cap_s * 1000) + spread;
  }

  function drawError(root, { type, message, reason, retryable, traceback }) {
    const notes = [reason && "decided by the hub: " + reason.replaceAll("_", " "), retryable === false && "not to be retried"];
    const about = notes.filter(Boolean).join(", ");
    const box = element("div", {});
    if (traceback) drawText(box, traceback, "traceback");
    root.replaceChildren(
      element("p", { class: "job-error-text" }, [element("strong", {}, [type]), " ", element("bdi", {}, [message || ""])]),
      ...(about ? [element("p", { class: "muted job-error-note" }, [about])] : []),
      box,
    );
  }

  window.jobhub.jobTexts = { json, drawText, drawFacts, drawError, none, copyText };
})();
