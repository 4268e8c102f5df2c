// The hub's API as the dashboard's server passes it on (dashboard/job_routes.py), without any token here.
//
//   jobhub.hub.ask("/jobs", {query: "?status=failed", signal})   resolves to the hub's document
//   jobhub.hub.ask("/jobs/bulk", {method: "POST", body})           throws HubProblem when it is refused
(function () {
  "use strict";
  const WITHIN_MS = 20_000; // the dashboard gives the hub 10 s

  // What the hub says against a request, in its own words; `field` is what was wrong, where something was.
  class HubProblem extends Error {
    constructor(problem, status) {
      super(problem.detail || problem.title || "The hub answered " + status + ".");
      const { code = "error", field = null, items = [] } = problem; // items: of a batch, those that were refused
      Object.assign(this, { status, code, field, items });
    }
  }

  // `text` is a body that is JSON already, to be sent as the person wrote it.
  async function ask(path, { query = "", method = "GET", body, text, signal } = {}) {
    const limit = AbortSignal.timeout(WITHIN_MS);
    const sent = body === undefined ? text : JSON.stringify(body);
    const answer = await read("/hub" + path + query, {
      method,
      credentials: "same-origin",
      headers: sent === undefined ? {} : { "Content-Type": "application/json" },
      body: sent,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (answer.status >= 400) throw new HubProblem(answer.body, answer.status);
    return answer.body;
  }

  async function read(url, options) {
    try {
      const response = await window.fetch(url, options);
      const answer = JSON.parse(await response.text(), keepNumber);
      return response.ok ? answer : { status: response.status, body: answer };
    } catch (error) {
      if (error.name === "AbortError") throw error; // who asked wants it no longer
      return { status: 502, body: { code: "dashboard_unreachable", detail: "The dashboard's server gave no answer." } };
    }
  }

  // A payload may hold numbers that JavaScript rounds (12345678901234567890): they stay as they are written,
  // or a job that is submitted again would be another one. Older browsers have no JSON.rawJSON, and round.
  function keepNumber(key, value, context) {
    if (typeof value !== "number" || !JSON.rawJSON || !context || context.source === undefined) return value;
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? JSON.rawJSON(context.source) : value;
  }

  const path = (jobId, what = "") => "/jobs/" + encodeURIComponent(jobId) + what;

  window.jobhub.hub = { ask, path, HubProblem };
})();
