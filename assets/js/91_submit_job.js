// The form of one job, and the words that other forms of the Submit page share with it.
(function () {
  "use strict";
  const { dom, fields, requirements, hub } = window.jobhub;
  const { element } = dom;
  const SUGGESTED = 300;
  const TYPES_ID = "known-types";
  const KEYS_ID = "known-keys";
  const UNITS = [["1", "seconds"], ["60", "minutes"], ["3600", "hours"]];
  const RETRIES = [["", "exponential (as the hub does)"], ["exponential", "exponential"], ["fixed", "fixed"], ["none", "none"]];

  // The body of a submission as JSON text: dotted names nest, and the payload stays as it was written.
  function bodyText(pairs) {
    const plain = {};
    let payload = null;
    for (const [name, value] of pairs) {
      const [head, inner] = name.split(".");
      if (name === "payload") payload = value;
      else if (inner) plain[head] = { ...plain[head], [inner]: value };
      else plain[head] = value;
    }
    const parts = Object.entries(plain).map(([key, value]) => JSON.stringify(key) + ":" + JSON.stringify(value));
    if (payload !== null) parts.push('"payload":' + payload.trim());
    return "{" + parts.join(",") + "}";
  }

  function typeField() {
    return fields.text("job_type", "Job type", "Letters, digits and _ . : @ / -", { list: TYPES_ID, required: true });
  }

  function payloadField(rows, value = "{}") {
    return fields.json("payload", "Payload", "JSON, at most 64 kB", { rows, value });
  }

  function required(field, sentence) {
    const { read } = field;
    field.read = () => {
      const value = read();
      if (value === undefined) throw new Error(sentence);
      return value;
    };
    return field;
  }

  // Types and capabilities that the store knows, offered while a person types.
  function suggestions() {
    const types = element("datalist", { id: TYPES_ID });
    const keys = element("datalist", { id: KEYS_ID });
    function fill({ queues, workers }) {
      const names = new Set(queues.keys());
      const capabilities = new Set();
      for (const worker of workers.values()) {
        for (const type of worker.job_types) names.add(type);
        for (const key of keysOf(worker.capabilities)) capabilities.add(key);
      }
      options(types, names);
      options(keys, capabilities);
    }
    return { nodes: [types, keys], fill };
  }

  function options(list, names) {
    const sorted = [...names].sort().slice(0, SUGGESTED);
    const shown = JSON.stringify(sorted);
    if (list.dataset.shown === shown) return;
    list.dataset.shown = shown;
    list.replaceChildren(...sorted.map((name) => element("option", { value: name })));
  }

  function keysOf(capabilities, prefix = "") {
    return Object.entries(capabilities || {}).flatMap(([key, value]) =>
      value !== null && typeof value === "object" && !Array.isArray(value) ? keysOf(value, prefix + key + ".") : [prefix + key],
    );
  }

  // When: now, after a delay, at a time. Fields that do not apply are hidden and not sent.
  function schedule() {
    const when = fields.select("when", "When", "", [["now", "now"], ["delay", "after a delay"], ["at", "at a time"]]);
    const delay = fields.numeric("delay_s", "Delay", "", { min: 0 });
    const unit = element("select", { class: "select", "aria-label": "Unit of the delay" }, UNITS.map(([value, word]) => element("option", { value }, [word])));
    delay.control.after(unit);
    const at = fields.text("run_at", "Time", "In your time zone", { type: "datetime-local", step: "1" });
    const [readDelay, readAt] = [delay.read, at.read];
    const given = (value, sentence) => {
      if (value === undefined) throw new Error(sentence);
      return value;
    };
    when.read = () => undefined;
    delay.read = () => (when.control.value === "delay" ? given(readDelay(), "Give a delay") * Number(unit.value) : undefined);
    at.read = () => (when.control.value === "at" ? new Date(given(readAt(), "Give a time")).getTime() : undefined);
    const show = () => {
      delay.root.hidden = when.control.value !== "delay";
      at.root.hidden = when.control.value !== "at";
    };
    when.control.addEventListener("change", show);
    show();
    return [when, delay, at];
  }

  function moreFields() {
    return [
      fields.text("customer_id", "Customer", "Whose job it is"),
      fields.text("idempotency_key", "Idempotency key", "Sent twice with the same key, it is one job"),
      fields.numeric("max_attempts", "Attempts", "3 by default", { min: 1, max: 1000, step: 1 }),
      fields.numeric("timeout_s", "Timeout of an attempt, s", "3,600 by default", { min: 0 }),
      fields.select("retry.kind", "Retry", "How the wait between attempts grows", RETRIES),
      fields.numeric("retry.base_s", "First wait, s", "2 by default", { min: 0 }),
      fields.numeric("retry.cap_s", "Longest wait, s", "900 by default", { min: 0 }),
      fields.numeric("retry.jitter", "Jitter", "Share of the wait, 0 to 1; 0.25 by default", { min: 0, max: 1 }),
      fields.text("workflow_id", "Workflow", "Jobs of one workflow share priority and place in line"),
      fields.numeric("workflow_priority", "Workflow priority", "Fixed by its first job", { min: 0, max: 100, step: 1 }),
      fields.numeric("step_number", "Step", "", { min: 0, step: 1 }),
      fields.numeric("total_steps", "Of steps", "", { min: 0, step: 1 }),
    ];
  }

  class JobForm {
    constructor({ changed }) {
      this.type = required(typeField(), "Give a job type");
      this.needs = requirements.create({ keysId: KEYS_ID, changed });
      const priority = fields.numeric("priority", "Priority", "0 to 100, high first; 50 by default", { min: 0, max: 100, step: 1 });
      const payload = payloadField(7);
      const times = schedule();
      const more = moreFields();
      this.fields = [this.type, priority, payload, this.needs, ...times, ...more];
      this.nodes = [
        element("div", { class: "field-row" }, [this.type.root, priority.root]),
        payload.root,
        this.needs.root,
        element("div", { class: "field-row" }, times.map((field) => field.root)),
        element("details", { class: "more-fields" }, [
          element("summary", {}, ["More: customer, retries, timeout, idempotency, workflow"]),
          element("div", { class: "field-grid" }, more.map((field) => field.root)),
        ]),
      ];
    }

    // What the match is asked; throws what the person should change first.
    wanted() {
      const wanted = { job_type: this.type.control.value.trim() };
      const needs = this.needs.read();
      if (needs) wanted.requirements = needs;
      return wanted;
    }

    // What would be sent as the form stands; unreadable fields are left out.
    preview() {
      const pairs = [];
      for (const field of this.fields) {
        try {
          const value = field.read();
          if (value !== undefined) pairs.push([field.name, value]);
        } catch (error) {
          continue; // the field says so when it is submitted
        }
      }
      return bodyText(pairs);
    }

    async submit() {
      const pairs = fields.readAll(this.fields);
      if (!pairs) return null;
      return hub.ask("/jobs", { method: "POST", text: bodyText(pairs) });
    }
  }

  window.jobhub.submitForm = { JobForm, bodyText, typeField, payloadField, required, suggestions };
})();
