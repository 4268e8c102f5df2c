// The table of a job's attempts: who had it, under which fence, how long, and how it ended.
(function () {
  "use strict";
  const { dom, format, words, jobLife } = window.jobhub;
  const { element } = dom;
  const HEADINGS = ["Run", "Attempt", "Worker", "Fence", "Given out", "Ran", "Ended", "Error"];
  const KEPT = 200; // moves that the hub keeps of a job

  function draw(root, history, now) {
    const attempts = jobLife.attemptsOf(history);
    if (!attempts.length) {
      root.replaceChildren(element("p", { class: "job-none" }, ["No worker has had it yet"]));
      return;
    }
    const note = history.length >= KEPT ? element("p", { class: "job-none" }, ["Older moves are not kept"]) : null;
    const head = element("tr", {}, HEADINGS.map((text) => element("th", { scope: "col" }, [text])));
    const scroll = { class: "job-scroll", role: "region", "aria-label": "Attempts", tabindex: 0 };
    root.replaceChildren(
      element("div", scroll, [
        element("table", { class: "job-table" }, [
          element("thead", {}, [head]),
          element("tbody", {}, attempts.map((attempt) => row(attempt, now))),
        ]),
      ]),
      ...(note ? [note] : []),
    );
  }

  function row(attempt, now) {
    const { run, worker_id, fence, assigned_at, started_at, ended_at, error } = attempt;
    const ran = started_at ? format.span((ended_at || now) - started_at) : format.DASH;
    return element("tr", {}, [
      cell(String(run)),
      cell(String(attempt.attempt)),
      element("td", {}, [worker(worker_id)]),
      cell(String(fence), "mono"),
      element("td", { title: format.exact(assigned_at) }, [format.time(assigned_at, now)]),
      cell(ran + (started_at && !ended_at ? " so far" : "")),
      element("td", {}, [ended(attempt)]),
      element("td", { class: "job-error-cell" }, error ? [problem(error)] : [format.DASH]),
    ]);
  }

  function cell(text, look) {
    return element("td", { class: look || null }, [text]);
  }

  function worker(workerId) {
    if (!workerId) return format.DASH;
    return element("a", { class: "row-link", href: "/workers/" + encodeURIComponent(workerId) }, [workerId]);
  }

  function ended({ ended, reason, started_at }) {
    if (!ended) return words.pill(started_at ? "in_progress" : "assigned");
    const why = reason && reason !== ended ? ", " + reason.replaceAll("_", " ") : "";
    return element("span", {}, [words.pill(ended), element("span", { class: "muted" }, [why])]);
  }

  function problem({ type, message, reason }) {
    return element("bdi", { title: [type, message].filter(Boolean).join(": ").slice(0, 500) }, [
      element("strong", {}, [type]),
      " " + [message, reason].filter(Boolean).join(" · "),
    ]);
  }

  window.jobhub.jobAttempts = { draw, worker };
})();
