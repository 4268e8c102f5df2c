// The form of many jobs: a JSON array, pasted. Nothing is submitted while an item cannot be taken.
(function () {
  "use strict";
  const { dom, fields, hub, json, format } = window.jobhub;
  const { element, setText } = dom;
  const MOST = 1000; // hub/limits.py
  const EXAMPLE = `[
  {"job_type": "resize", "payload": {"path": "a.png", "sizes": [64, 128]}, "priority": 80},
  {"job_type": "resize", "payload": {"path": "b.png", "sizes": [64]}},
  {"job_type": "mail", "payload": {"to": "ada@example.org"}, "delay_s": 60}
]`;

  function shape(text) {
    const { lines } = json.check(text);
    if (text.trim()[0] !== "[") return "Expected an array of jobs: [{…}, {…}]";
    if (!lines.length) return "The array holds no job";
    return lines.length > MOST ? format.count(lines.length) + " jobs; at most 1,000 are taken at once" : null;
  }

  class BatchForm {
    constructor() {
      this.list = fields.json("jobs", "Jobs", "A JSON array of jobs, as POST /api/jobs takes one; at most 1,000 and 1 MB", { rows: 16, value: "", check: shape });
      this.count = element("span", { class: "muted", role: "status" });
      const example = element("button", { class: "button button-small", type: "button" }, ["Insert an example"]);
      example.addEventListener("click", () => {
        this.list.control.value = EXAMPLE;
        this.list.control.dispatchEvent(new Event("input"));
        this.list.control.focus();
      });
      this.list.control.addEventListener("input", () => this.tell());
      this.fields = [this.list];
      this.nodes = [this.list.root, element("div", { class: "button-row" }, [example, this.count])];
    }

    tell() {
      const checked = json.check(this.list.control.value);
      const known = checked.ok && checked.lines.length;
      setText(this.count, known ? format.plural(checked.lines.length, "job") : "");
    }

    // "Job 3, line 12", as the person finds it in the text.
    nameOf(index) {
      const { lines = [] } = json.check(this.list.control.value);
      return "Job " + (index + 1) + (lines[index] ? ", line " + lines[index] : "");
    }

    async submit() {
      const pairs = fields.readAll(this.fields);
      if (!pairs) return null;
      return hub.ask("/jobs/batch", { method: "POST", text: '{"jobs":' + pairs[0][1] + "}" });
    }
  }

  window.jobhub.BatchForm = BatchForm;
})();
