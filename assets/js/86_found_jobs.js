// The table of the Jobs page: a page of found jobs in the order of the hub; sorts are the hub's as well.
//
// Rows on screen follow the stream: the search says which jobs, the store how they are now.
(function () {
  "use strict";
  const { dom, store, view } = window.jobhub;
  const KEY = "jobhub.jobs.columns";
  const FOLLOW_MS = 500;
  let places = new Map(); // job_id -> place on the page

  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  functions.jobhubAsFound = ({ nodes }) => {
    nodes.sort((a, b) => places.get(a.data.job_id) - places.get(b.data.job_id));
  };

  class FoundJobs {
    // sorted(sort, order) and selected() are told of what the person does.
    constructor(root, options, { sorted, selected }) {
      Object.assign(this, { root, options, sorted, selected, api: null, rows: [], ends: [] });
      this.kept = readKept();
      this.hidden = new Set();
      this.sorting = {};
    }

    attach(api) {
      this.api = api;
      this.showSort(this.sorting);
      api.applyColumnState({ state: Object.entries(this.kept.widths).map(([colId, width]) => ({ colId, width, flex: null })) });
      this.fit();
      this.fill(this.rows);
      api.addEventListener("selectionChanged", () => this.selected());
      api.addEventListener("cellKeyDown", ({ event, node }) => {
        if (event.key === "Enter") window.jobhub.navigation.go("/jobs/" + encodeURIComponent(node.id));
      });
      api.addEventListener("sortChanged", ({ source }) => source === "uiColumnSorted" && this.sortChosen());
      api.addEventListener("columnResized", ({ finished, source, column }) => {
        if (finished && source === "uiColumnResized" && column) this.keepWidth(column);
      });
    }

    get usable() {
      return this.api !== null && !this.api.isDestroyed();
    }

    sortChosen() {
      const column = this.api.getColumnState().find((each) => each.sort);
      if (column) this.sorted(this.options.sorts[column.colId], column.sort);
      else this.sorted("", "");
    }

    // The mark in the header; the order itself came with the rows.
    showSort({ sort, order }) {
      this.sorting = { sort, order };
      if (!this.usable) return;
      const sorted = Object.keys(this.options.sorts).find((colId) => this.options.sorts[colId] === sort);
      const state = sorted ? [{ colId: sorted, sort: order || "desc" }] : [];
      this.api.applyColumnState({ state, defaultState: { sort: null } });
    }

    fill(rows) {
      this.rows = rows;
      if (!this.usable) return;
      places = new Map(rows.map((row, place) => [row.job_id, place]));
      const shown = new Set();
      this.api.forEachNode((node) => shown.add(node.id));
      const remove = [...shown].filter((id) => !places.has(id)).map((job_id) => ({ job_id }));
      const update = rows.filter((row) => shown.has(row.job_id));
      const add = rows.filter((row) => !shown.has(row.job_id));
      this.api.applyTransaction({ remove, update, add });
      this.selected();
      this.follow();
    }

    follow() {
      this.unfollow();
      this.ends = this.rows.map(({ job_id }) =>
        view.subscribe("job:" + job_id, ({ jobs }) => this.update(jobs.get(job_id)), { everyMs: FOLLOW_MS }),
      );
    }

    update(job) {
      const node = job && this.usable ? this.api.getRowNode(job.job_id) : null;
      if (node && node.data.rev < job.rev) node.setData(job);
    }

    unfollow() {
      for (const end of this.ends) end();
      this.ends = [];
    }

    get selectedIds() {
      return this.usable ? this.api.getSelectedNodes().map((node) => node.id) : [];
    }

    clearSelection() {
      if (this.usable) this.api.deselectAll();
    }

    // --- Columns: the person's choice, else what the width has room for --------------------------

    isShown(name) {
      const chosen = this.kept.shown[name];
      return chosen === undefined ? this.root.clientWidth >= (this.options.shown_from[name] || 0) : chosen;
    }

    choose(name, shown) {
      this.kept.shown[name] = shown;
      writeKept(this.kept);
      this.fit();
    }

    fit() {
      if (!this.usable) return;
      for (const name of Object.keys(this.options.columns)) {
        const hide = !this.isShown(name);
        if (hide === this.hidden.has(name)) continue;
        this.hidden[hide ? "add" : "delete"](name);
        this.api.setColumnsVisible([name], !hide);
      }
    }

    keepWidth(column) {
      this.kept.widths[column.getColId()] = column.getActualWidth();
      writeKept(this.kept);
    }
  }

  function readKept() {
    try {
      const { shown = {}, widths = {} } = JSON.parse(window.localStorage.getItem(KEY)) || {};
      return { shown, widths };
    } catch (error) {
      return { shown: {}, widths: {} }; // nothing kept, or storage is forbidden
    }
  }

  function writeKept(kept) {
    try {
      window.localStorage.setItem(KEY, JSON.stringify(kept));
    } catch (error) {
      // Storage is forbidden: the choice lasts as long as the page.
    }
  }

  // A button that opens the list of columns.
  function columnMenu(found, columns) {
    const boxes = dom.element("div", { class: "menu-body", role: "group", "aria-label": "Columns" });
    const menu = dom.element("details", { class: "menu" }, [
      dom.element("summary", { class: "button" }, ["Columns"]),
      boxes,
    ]);
    menu.addEventListener("toggle", () => {
      if (!menu.open) return;
      boxes.replaceChildren(...Object.entries(columns).map(([name, title]) => columnBox(found, name, title)));
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      menu.firstElementChild.focus();
    });
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
    });
    return menu;
  }

  function columnBox(found, name, title) {
    const box = dom.element("input", { type: "checkbox", checked: found.isShown(name), disabled: name === "job" });
    box.addEventListener("change", () => found.choose(name, box.checked));
    return dom.element("label", { class: "menu-item" }, [box, title]);
  }

  Object.assign(window.jobhub, { FoundJobs, columnMenu });
})();
