// The panel of job tables: tabs with counts, filter, selection and what can be done with it.
(function () {
  "use strict";
  const { dom, view, clock, format, actions, jobGrids } = window.jobhub;
  const FINAL = new Set(["completed", "failed", "cancelled"]);
  const COUNT = {
    active: (counts) => counts.assigned + counts.in_progress,
  };

  class JobTables {
    constructor(root) {
      this.root = root;
      this.tabs = [...root.querySelectorAll(".tab")];
      this.panels = [...root.querySelectorAll(".tab-panel")];
      this.list = "active";
      this.filterText = "";
      this.search = dom.element("input", {
        type: "search",
        class: "input",
        placeholder: "Filter rows",
        "aria-label": "Filter the rows of this table",
        maxlength: 200,
        oninput: () => this.filter(this.search.value),
      });
      dom.part(root, "filter").replaceChildren(this.search);
      this.selectedNote = dom.part(root, "selected");
      this.cancel = dom.part(root, "cancel");
      this.retry = dom.part(root, "retry");
      this.cancel.addEventListener("click", () => this.act("cancel_job"));
      this.retry.addEventListener("click", () => this.act("retry_job"));
      for (const tab of this.tabs) {
        tab.addEventListener("click", () => this.open(tab.dataset.list));
        tab.addEventListener("keydown", (event) => this.step(event, tab));
      }
      this.open(this.list);
    }

    open(list) {
      this.list = list;
      for (const tab of this.tabs) {
        const chosen = tab.dataset.list === list;
        dom.setAttribute(tab, "aria-selected", String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
      }
      for (const panel of this.panels) panel.hidden = panel.dataset.list !== list;
      dom.part(this.root, "export").href = "/export/jobs.csv?status=" + statuses(list).join(",");
      const grid = jobGrids.get(list);
      if (grid) {
        grid.show();
        grid.filter(this.filterText);
      }
      for (const [name, other] of jobGrids) other.selectionChanged = () => name === this.list && this.drawSelection();
      this.drawSelection();
      this.draw(window.jobhub.store.state);
    }

    // Arrow keys walk the tabs, as WAI-ARIA wants it.
    step(event, tab) {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = this.tabs[(this.tabs.indexOf(tab) + by + this.tabs.length) % this.tabs.length];
      next.focus();
      this.open(next.dataset.list);
    }

    filter(text) {
      this.filterText = text;
      for (const grid of jobGrids.values()) grid.filter(text);
    }

    draw({ counts, lists }) {
      const known = clock.isKnown();
      for (const tab of this.tabs) {
        const name = tab.dataset.list;
        dom.setText(dom.part(tab, "count-" + name), known ? format.count(total(counts, name)) : format.DASH);
      }
      const foot = footText(this.list, lists[this.list], total(counts, this.list));
      dom.setText(dom.part(this.root, "foot"), known ? foot : "");
    }

    drawSelection() {
      const chosen = this.selected();
      const final = FINAL.has(this.list);
      dom.setText(this.selectedNote, chosen.length ? format.plural(chosen.length, "job") + " selected" : "");
      this.retry.hidden = !final;
      this.cancel.hidden = final;
      this.retry.disabled = this.cancel.disabled = !chosen.length;
    }

    selected() {
      const grid = jobGrids.get(this.list);
      return grid ? grid.selectedIds : [];
    }

    async act(name) {
      const chosen = this.selected();
      if (!chosen.length) return;
      const outcome = await actions.run(name, chosen);
      const grid = jobGrids.get(this.list);
      if (outcome && grid) grid.clearSelection();
    }
  }

  function statuses(list) {
    return list === "active" ? ["assigned", "in_progress"] : [list];
  }

  function total(counts, list) {
    return COUNT[list] ? COUNT[list](counts) : counts[list];
  }

  function footText(list, { ids, truncated }, all) {
    const order = {
      pending: "next in line first",
      scheduled: "soonest first",
      active: "longest running first",
    }[list];
    const shown = truncated ? "The first " + format.count(ids.length) + " of " + format.count(all) : "All shown";
    return shown + ", " + (order || "newest first");
  }

  window.jobhub.widget("job_tables", (root) => {
    const tables = new JobTables(root);
    return view.subscribe(["counts", "pending", "scheduled", "active", "completed", "failed", "cancelled"], (state) =>
      tables.draw(state),
    );
  });
})();
