// The Submit page: one job, a batch or a workflow; what came of it stands below.
(function () {
  "use strict";
  const { dom, view, store, fields, submitted, submitForm } = window.jobhub;
  const { element, part, setText } = dom;

  class SubmitPage {
    constructor(root, options) {
      Object.assign(this, { root, options });
      const changed = () => this.changed();
      this.suggestions = submitForm.suggestions();
      this.forms = {
        job: new submitForm.JobForm({ changed }),
        batch: new window.jobhub.BatchForm(),
        workflow: new window.jobhub.WorkflowForm(),
      };
      this.match = new window.jobhub.Match(part(root, "match"), () => this.forms.job.wanted());
      this.outcome = part(root, "outcome");
      this.stay = element("input", { type: "checkbox", id: "submit-stay" });
      part(root, "suggestions").replaceChildren(...this.suggestions.nodes);
      for (const name of Object.keys(this.forms)) this.build(name);
      for (const tab of root.querySelectorAll("[data-form]")) {
        tab.addEventListener("click", () => this.open(tab.dataset.form));
      }
      this.open("job");
      this.changed();
    }

    build(name) {
      const form = this.forms[name];
      const place = part(this.root, "form-" + name);
      const button = element("button", { class: "button button-primary", type: "submit" }, ["Submit"]);
      const stay = name === "job" ? [element("label", { class: "submit-stay" }, [this.stay, "Stay on this page"])] : [];
      const general = element("p", { class: "form-problem", role: "alert", hidden: true });
      const made = element("form", { class: "submit-form", novalidate: true }, [
        ...form.nodes,
        general,
        element("div", { class: "submit-buttons" }, [button, ...stay]),
      ]);
      made.addEventListener("input", () => {
        dom.setHidden(general, true);
        if (name === "job") this.changed();
      });
      made.addEventListener("change", () => name === "job" && this.changed());
      made.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send(name, button, general);
      });
      place.replaceChildren(made);
    }

    open(name) {
      for (const tab of this.root.querySelectorAll("[data-form]")) {
        dom.setAttribute(tab, "aria-pressed", String(tab.dataset.form === name));
      }
      for (const form of Object.keys(this.forms)) dom.setHidden(part(this.root, "panel-" + form), form !== name);
      dom.setHidden(part(this.root, "side"), name !== "job");
    }

    changed() {
      setText(part(this.root, "preview"), this.forms.job.preview());
      this.match.later();
    }

    async send(name, button, general) {
      button.disabled = true;
      try {
        const answer = await this.forms[name].submit();
        if (answer) this.tell(name, answer);
      } catch (problem) {
        this.refuse(name, problem, general);
      } finally {
        button.disabled = false;
      }
    }

    tell(name, answer) {
      const form = this.forms[name];
      if (name !== "job") {
        submitted.results(this.outcome, answer, (index) => form.nameOf(index));
        if (name === "workflow" && !answer.refused) form.renew();
        this.outcome.scrollIntoView({ block: "nearest" });
        return;
      }
      if (this.options.job_page && !this.stay.checked) {
        window.jobhub.navigation.go("/jobs/" + encodeURIComponent(answer.job_id));
        return;
      }
      const note = element("p", { class: "outcome-title", role: "status" }, ["Submitted ", submitted.jobLink(answer)]);
      this.outcome.prepend(note);
    }

    refuse(name, problem, general) {
      const form = this.forms[name];
      if (problem.items && problem.items.length) {
        submitted.refusals(this.outcome, problem, (index) => form.nameOf(index));
        if (form.placeItems) form.placeItems(problem.items);
      }
      if (problem.field && fields.place(form.fields, problem)) return;
      const unsure = problem.status === 502 ? " It may or may not have been taken: look at Jobs before you send it again." : "";
      setText(general, submitted.sentence(problem) + unsure);
      dom.setHidden(general, false);
    }
  }

  // Workers that are there: whether one fits changes only with them.
  function present(workers) {
    const here = [...workers.values()].filter((worker) => worker.status !== "offline");
    return here.map((worker) => worker.worker_id + " " + worker.connected_at).join(" ");
  }

  window.jobhub.widget("submit", (root, options) => {
    const page = new SubmitPage(root, options);
    let known = present(store.state.workers);
    const end = view.subscribe(
      ["workers", "queues"],
      (state) => {
        page.suggestions.fill(state);
        const now = present(state.workers);
        if (now !== known) page.match.later();
        known = now;
      },
      { everyMs: 1000 },
    );
    return () => {
      end();
      page.match.end();
    };
  });
})();
