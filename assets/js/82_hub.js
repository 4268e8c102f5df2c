// The hub's API as the dashboard's server passes it on (dashboard/job_routes.py), without any token here.
//
//   jobhub.hub.ask("/jobs", {query: "?status=failed", signal})   resolves to the hub's document
//   jobhub.hub.ask("/jobs/bulk", {method: "POST", body})         throws HubProblem when it is refused
(function () {
  "use strict";
  const WITHIN_MS = 20_000; // the dashboard gives the hub 10 s

  // What the hub says against a request, in its own words; `field` is what was wrong, where something was.
  class HubProblem extends Error {
    constructor(problem, status) {
      super(problem.detail || problem.title || "The hub answered " + status + ".");
      Object.assign(this, { status, code: problem.code || "error", field: problem.field || null });
    }
  }

  async function ask(path, { query = "", method = "GET", body, signal } = {}) {
    const limit = AbortSignal.timeout(WITHIN_MS);
    const answer = await read("/hub" + path + query, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (answer.status >= 400) throw new HubProblem(answer.body, answer.status);
    return answer.body;
  }

  async function read(url, options) {
    try {
      const response = await window.fetch(url, options);
      const answer = await response.json();
      return response.ok ? answer : { status: response.status, body: answer };
    } catch (error) {
      if (error.name === "AbortError") throw error; // who asked wants it no longer
      return { status: 502, body: { code: "dashboard_unreachable", detail: "The dashboard's server gave no answer." } };
    }
  }

  const path = (jobId, what = "") => "/jobs/" + encodeURIComponent(jobId) + what;

  window.jobhub.hub = { ask, path, HubProblem };
})();
