// The form of a workflow: steps that share an id, a priority and a place in line.
(function () {
  "use strict";
  const { dom, fields, hub, submitForm } = window.jobhub;
  const { element } = dom;
  const STEPS_MAX = 50;

  function newId() {
    const [first, second] = crypto.getRandomValues(new Uint32Array(2));
    return "wf-" + (first.toString(36) + second.toString(36)).slice(0, 10);
  }

  class Step {
    constructor() {
      this.type = submitForm.required(submitForm.typeField(), "Give a job type");
      this.payload = submitForm.payloadField(3);
      this.delay = fields.numeric("delay_s", "Delay, s", "Not before then", { min: 0 });
      this.fields = [this.type, this.delay, this.payload];
      this.title = element("legend", { class: "field-label" });
      this.up = element("button", { class: "button button-small", type: "button" }, ["Up"]);
      this.remove = element("button", { class: "button button-small button-quiet", type: "button" }, ["Remove"]);
      this.root = element("fieldset", { class: "step" }, [
        this.title,
        element("div", { class: "field-row" }, [this.type.root, this.delay.root]),
        this.payload.root,
        element("div", { class: "button-row" }, [this.up, this.remove]),
      ]);
    }

    name(number, of) {
      dom.setText(this.title, "Step " + number + " of " + of);
      this.up.disabled = number === 1;
      this.remove.disabled = of === 1;
      this.up.setAttribute("aria-label", "Move step " + number + " up");
      this.remove.setAttribute("aria-label", "Remove step " + number);
    }
  }

  class WorkflowForm {
    constructor() {
      this.id = submitForm.required(fields.text("workflow_id", "Workflow", "One id for all steps"), "Give the workflow an id");
      this.priority = fields.numeric("workflow_priority", "Priority", "0 to 100, for every step; 50 by default", { min: 0, max: 100, step: 1 });
      this.id.control.value = newId();
      this.steps = [];
      this.place = element("div", { class: "steps" });
      this.add = element("button", { class: "button button-small", type: "button" }, ["Add a step"]);
      this.add.addEventListener("click", () => this.addStep().type.control.focus());
      this.nodes = [
        element("div", { class: "field-row" }, [this.id.root, this.priority.root]),
        element("p", { class: "muted form-note" }, [
          "The steps stand in line together, in this order. The hub does not hold a step back until the one before is done: give it a delay, or let a step submit the next.",
        ]),
        this.place,
        this.add,
      ];
      this.addStep();
      this.addStep();
    }

    addStep() {
      const step = new Step();
      step.up.addEventListener("click", () => this.move(step));
      step.remove.addEventListener("click", () => this.drop(step));
      this.steps.push(step);
      this.arrange();
      return step;
    }

    move(step) {
      const at = this.steps.indexOf(step);
      if (at < 1) return;
      this.steps.splice(at - 1, 2, step, this.steps[at - 1]);
      this.arrange();
      (step.up.disabled ? step.type.control : step.up).focus();
    }

    drop(step) {
      this.steps.splice(this.steps.indexOf(step), 1);
      this.arrange();
      this.add.focus();
    }

    arrange() {
      this.place.replaceChildren(...this.steps.map((step) => step.root));
      this.steps.forEach((step, at) => step.name(at + 1, this.steps.length));
      this.add.disabled = this.steps.length >= STEPS_MAX;
    }

    get fields() {
      return [this.id, this.priority, ...this.steps.flatMap((step) => step.fields)];
    }

    nameOf(index) {
      return "Step " + (index + 1);
    }

    // A refused item names a field of its own step.
    placeItems(items) {
      for (const { index, field, message } of items.toReversed()) { // the first takes the focus last, and keeps it
        const step = this.steps[index];
        if (step) fields.place([...step.fields, this.id, this.priority], { field, message });
      }
    }

    async submit() {
      const shared = fields.readAll([this.id, this.priority]);
      const steps = this.steps.map((step) => fields.readAll(step.fields));
      if (!shared || steps.includes(null)) {
        fields.show(this.fields.find((field) => field.error));
        return null;
      }
      const total = ["total_steps", steps.length];
      const texts = steps.map((pairs, at) => submitForm.bodyText([...pairs, ...shared, ["step_number", at + 1], total]));
      return hub.ask("/jobs/batch", { method: "POST", text: '{"jobs":[' + texts.join(",") + "]}" });
    }

    // The next workflow is another one.
    renew() {
      this.id.control.value = newId();
    }
  }

  window.jobhub.WorkflowForm = WorkflowForm;
})();
