// The same job once more: as a command for a terminal, and as a form whose JSON may be edited.
(function () {
  "use strict";
  const { dom, hub, jobTexts } = window.jobhub;
  const { element } = dom;
  // What a person would ask for again. Not its place in a workflow or its key: both belong to the one job.
  const FIELDS = ["job_type", "payload", "priority", "requirements", "customer_id", "max_attempts", "timeout_s", "retry"];

  function requestOf(job) {
    const request = {};
    for (const name of FIELDS) if (job[name] !== undefined && job[name] !== null) request[name] = job[name];
    return request;
  }

  function curlOf(job) {
    const { url, ticketUrl } = window.jobhub.stream.defaults || {};
    const quoted = "'" + JSON.stringify(requestOf(job)).replaceAll("'", "'\\''") + "'";
    return [
      "curl -X POST " + (url || "") + "/api/jobs",
      ...(ticketUrl ? ['-H "Authorization: Bearer $JOBHUB_TOKEN"'] : []),
      "-H 'Content-Type: application/json'",
      "--data-raw " + quoted,
    ].join(" \\\n  ");
  }

  // Resolves to the new job's id, or null.
  function ask(job) {
    const text = element("textarea", { class: "input job-again-text", spellcheck: "false", rows: 14, "aria-label": "The new job, as JSON", "aria-describedby": "again-problem" });
    text.value = jobTexts.json(requestOf(job));
    const problem = element("p", { class: "job-again-problem", id: "again-problem", role: "status" }, ["\u00a0"]);
    const close = element("button", { class: "button", type: "button" }, ["Close"]);
    const submit = element("button", { class: "button button-primary", type: "button" }, ["Submit as a new job"]);
    const box = element("dialog", { class: "dialog dialog-wide", "aria-labelledby": "again-title" }, [
      element("h2", { class: "dialog-title", id: "again-title" }, ["Submit again"]),
      element("p", { class: "muted" }, ["Change what should differ. The job on this page stays as it is."]),
      text,
      problem,
      element("div", { class: "dialog-buttons" }, [close, submit]),
    ]);

    const say = (sentence) => {
      dom.setText(problem, sentence || "\u00a0");
      dom.setAttribute(text, "aria-invalid", String(Boolean(sentence)));
      submit.disabled = Boolean(sentence);
    };
    text.addEventListener("input", () => say(problemOf(text.value)));

    return new Promise((resolve) => {
      let made = null;
      close.addEventListener("click", () => box.close());
      submit.addEventListener("click", async () => {
        submit.disabled = true;
        try {
          made = (await hub.ask("/jobs", { method: "POST", text: text.value })).job_id;
          box.close();
        } catch (error) {
          say((error.field ? error.field + ": " : "") + error.message);
        }
      });
      box.addEventListener("close", () => {
        box.remove();
        resolve(made);
      });
      document.body.append(box);
      box.showModal();
      text.setSelectionRange(0, 0); // else it opens scrolled to its end
      text.scrollTop = 0;
    });
  }

  function problemOf(text) {
    try {
      const value = JSON.parse(text);
      return value !== null && typeof value === "object" && !Array.isArray(value) ? "" : "A job is an object: {…}";
    } catch (error) {
      return "Not JSON yet: " + error.message;
    }
  }

  window.jobhub.jobAgain = { requestOf, curlOf, ask, problemOf };
})();
