// What is asked of the list of jobs, as the hub names it: in the URL, in the CSV, in a bulk action. Pure.
//
// A query is {name: text}, only of what was given; `status` holds states with commas between.
(function () {
  "use strict";
  const TEXTS = ["q", "job_type", "worker_id", "customer_id", "workflow_id", "submitted_by"];
  const TIMES = ["submitted_from", "submitted_to", "finished_from", "finished_to"];
  const PRIORITIES = ["priority_min", "priority_max"];
  const FILTERS = ["status", ...TEXTS, ...TIMES, ...PRIORITIES];
  const ORDER = ["sort", "order"];

  function read(search) {
    const given = new URLSearchParams(search);
    const query = {};
    for (const name of [...FILTERS, ...ORDER]) if (given.get(name)) query[name] = given.get(name);
    return query;
  }

  // "" or "?…", always in the same order, so that the same view has the same link.
  function write(query) {
    const written = new URLSearchParams();
    for (const name of [...FILTERS, ...ORDER]) if (query[name]) written.set(name, query[name]);
    const text = written.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
    return text ? "?" + text : "";
  }

  // The filter of POST /api/jobs/bulk: numbers are numbers there. What is none goes as it is, to be refused.
  function filterOf(query) {
    const filter = {};
    for (const name of FILTERS) {
      if (!query[name]) continue;
      if (name === "status") filter.status = statuses(query);
      else filter[name] = TEXTS.includes(name) ? query[name] : number(query[name]);
    }
    return filter;
  }

  function number(text) {
    return /^\d+$/.test(text) ? Number(text) : text;
  }

  function statuses(query) {
    return (query.status || "").split(",").filter(Boolean);
  }

  // How many conditions besides the states and the search are set.
  function furtherConditions(query) {
    return FILTERS.filter((name) => name !== "status" && name !== "q" && query[name]).length;
  }

  function isFiltered(query) {
    return FILTERS.some((name) => query[name]);
  }

  // A time as <input type="datetime-local"> writes it, in the person's time zone.
  function toLocal(ms) {
    const at = new Date(Number(ms));
    if (Number.isNaN(at.getTime())) return "";
    const two = (value) => String(value).padStart(2, "0");
    const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
    return date + "T" + [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  }

  function fromLocal(text) {
    const ms = new Date(text).getTime();
    return Number.isNaN(ms) ? "" : String(ms);
  }

  window.jobhub.jobQuery = {
    TEXTS, TIMES, PRIORITIES, read, write, filterOf, statuses, furtherConditions, isFiltered, toLocal, fromLocal,
  };
})();
