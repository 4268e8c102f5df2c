// The form of the Jobs page: states as buttons, a search, and further conditions. It keeps a query
// (83_job_query.js) and tells when the person changes it.
(function () {
  "use strict";
  const { dom, jobQuery, words } = window.jobhub;
  const { element } = dom;
  const TYPED_MS = 350; // a pause in typing, before the hub is asked
  const CHARS_MAX = 200; // as the hub takes

  const LABELS = {
    job_type: "Job type",
    worker_id: "Worker",
    customer_id: "Customer",
    workflow_id: "Workflow",
    submitted_by: "Submitted by",
    submitted_from: "Submitted from",
    submitted_to: "Submitted before",
    finished_from: "Finished from",
    finished_to: "Finished before",
    priority_min: "Priority from",
    priority_max: "Priority to",
  };
  // Names that the page has heard of, offered while typing.
  const KNOWN = {
    job_type: (state) => [...state.queues.keys()],
    worker_id: (state) => [...state.workers.keys()],
  };

  class JobFilter {
    constructor(root, statuses, changed) {
      Object.assign(this, { changed, query: {}, fields: new Map(), timer: null });
      this.states = statuses.map((status) => this.stateButton(status));
      this.search = this.field("q", "search", { placeholder: "Id prefix or exact error type", "aria-label": "Search" });
      this.clear = element("button", { class: "button button-quiet", type: "button" }, ["Clear"]);
      this.clear.addEventListener("click", () => this.edit({ sort: this.query.sort, order: this.query.order }, true));
      this.more = this.furtherFields();
      root.replaceChildren(
        element("div", { class: "jobs-form-line" }, [
          this.search,
          element("div", { class: "jobs-states", role: "group", "aria-label": "States" }, [...this.states, this.clear]),
        ]),
        this.more,
      );
    }

    stateButton(status) {
      const button = element("button", { class: "choice", type: "button", "data-status": status }, [
        element("span", { class: "choice-dot tone-" + words.tone(status), "aria-hidden": "true" }),
        words.word(status),
      ]);
      button.addEventListener("click", () => {
        const chosen = new Set(jobQuery.statuses(this.query));
        if (!chosen.delete(status)) chosen.add(status);
        const order = this.states.map((each) => each.dataset.status).filter((each) => chosen.has(each));
        this.edit({ ...this.query, status: order.join(",") });
      });
      return button;
    }

    furtherFields() {
      const kinds = [
        ...jobQuery.TEXTS.filter((name) => name !== "q").map((name) => [name, "text", { maxlength: CHARS_MAX }]),
        ...jobQuery.TIMES.map((name) => [name, "datetime-local", { step: 1 }]),
        ...jobQuery.PRIORITIES.map((name) => [name, "number", { min: 0, max: 100, placeholder: "0–100" }]),
      ];
      this.moreCount = element("span", { class: "tab-count", hidden: true });
      const fields = kinds.map(([name, type, attributes]) => this.labelled(name, this.field(name, type, attributes)));
      return element("details", { class: "jobs-more" }, [
        element("summary", {}, ["More conditions ", this.moreCount]),
        element("div", { class: "jobs-fields" }, fields),
      ]);
    }

    labelled(name, input) {
      const children = [element("span", { class: "field-label" }, [LABELS[name]]), input];
      if (KNOWN[name]) {
        const choices = element("datalist", { id: "known-" + name });
        input.setAttribute("list", choices.id);
        input.addEventListener("focus", () =>
          choices.replaceChildren(
            ...KNOWN[name](window.jobhub.store.state).map((value) => element("option", { value })),
          ),
        );
        children.push(choices);
      }
      return element("label", { class: "field" }, children);
    }

    field(name, type, attributes) {
      const input = element("input", { class: "input", type, name, autocomplete: "off", maxlength: CHARS_MAX, ...attributes });
      const isTime = type === "datetime-local";
      const take = (now) => {
        const text = isTime ? jobQuery.fromLocal(input.value) : input.value.trim();
        if (text !== (this.query[name] || "")) this.edit({ ...this.query, [name]: text }, now);
      };
      input.addEventListener("input", () => take(isTime));
      input.addEventListener("change", () => take(true));
      this.fields.set(name, { input, isTime });
      return input;
    }

    // now: do not wait for a pause in typing.
    edit(query, now = true) {
      this.query = query;
      this.draw();
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.changed(this.query), now ? 0 : TYPED_MS);
    }

    // Another view: the fields are written as well.
    show(query) {
      window.clearTimeout(this.timer);
      this.query = query;
      if (jobQuery.furtherConditions(query)) this.more.open = true;
      this.draw();
    }

    draw() {
      const chosen = new Set(jobQuery.statuses(this.query));
      for (const button of this.states) {
        dom.setAttribute(button, "aria-pressed", String(chosen.has(button.dataset.status)));
      }
      for (const [name, { input, isTime }] of this.fields) {
        const value = this.query[name] || "";
        const shown = isTime && value ? jobQuery.toLocal(value) : value;
        if (input.value !== shown && input !== document.activeElement) input.value = shown;
      }
      const further = jobQuery.furtherConditions(this.query);
      dom.setHidden(this.moreCount, !further);
      dom.setText(this.moreCount, String(further));
      this.clear.disabled = !jobQuery.isFiltered(this.query);
      this.refuse(null);
    }

    // Mark the field that the hub did not take; null: none.
    refuse(problem) {
      for (const [name, { input }] of this.fields) {
        const wrong = problem !== null && problem.field === name;
        if (wrong) input.setAttribute("aria-invalid", "true");
        else input.removeAttribute("aria-invalid");
        if (wrong && name !== "q") this.more.open = true;
      }
    }

    end() {
      window.clearTimeout(this.timer);
    }
  }

  window.jobhub.JobFilter = JobFilter;
})();
