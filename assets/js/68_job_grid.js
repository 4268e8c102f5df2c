// One table of jobs: keeps AG Grid equal to a list of the store, row by row.
//
// It compares what the grid shows with what the list holds, instead of trusting a trail of changes: so it
// catches up after a pause, a hidden tab or a late start all the same. At most 500 rows, five times a second.
//
// applyTransaction, not its Async sister: draws are throttled already, and dash-ag-grid 35 answers every
// flush of asynchronous ones by copying all rows into the rowData prop.
(function () {
  "use strict";
  const { dom, view, clock, store } = window.jobhub;
  const EVERY_MS = 200; // the first row after a quiet moment comes at once
  const EMPTY = {
    pending: "Nothing waits",
    scheduled: "Nothing is scheduled",
    active: "Nothing runs right now",
    completed: "Nothing has completed yet",
    failed: "Nothing has failed",
    cancelled: "Nothing was cancelled",
  };
  const grids = new Map(); // list name -> JobGrid

  class JobGrid {
    constructor(root, options) {
      Object.assign(this, { root, options, api: null, shown: new Map(), hidden: new Set() });
      this.selectionChanged = () => {};
      this.empty = dom.part(root, "empty");
    }

    attach(api) {
      this.api = api;
      api.addEventListener("selectionChanged", () => this.selectionChanged());
      api.addEventListener("cellKeyDown", ({ event, node }) => {
        if (event.key === "Enter") window.jobhub.navigation.go("/jobs/" + encodeURIComponent(node.id));
      });
      this.fit();
      this.draw(store.state);
    }

    draw({ jobs, lists }) {
      if (!this.api || this.api.isDestroyed() || !this.visible) return; // drawn when its tab is opened
      const { ids } = lists[this.options.list];
      const gone = new Set(this.shown.keys());
      const add = [];
      const update = [];
      for (const id of ids) {
        const job = jobs.get(id);
        const before = this.shown.get(id);
        gone.delete(id);
        if (!before) add.push(job);
        else if (before !== job) update.push(job);
        this.shown.set(id, job);
      }
      const remove = [...gone].map((job_id) => ({ job_id }));
      for (const id of gone) this.shown.delete(id);
      dom.setHidden(this.empty, ids.length > 0);
      dom.setText(this.empty, clock.isKnown() ? EMPTY[this.options.list] : "No data yet");
      if (!add.length && !update.length && !remove.length) return;
      const chosen = gone.size && this.api.getSelectedNodes().some((node) => gone.has(node.id));
      this.api.applyTransaction({ add, update, remove });
      if (chosen) this.selectionChanged();
    }

    tick() {
      if (!this.api || this.api.isDestroyed() || !this.visible) return;
      this.api.refreshCells({ columns: this.options.ticking, force: true });
    }

    // Not offsetWidth: reading it would make the browser compute the layout at every draw.
    get visible() {
      return this.root.closest("[hidden]") === null;
    }

    // Its tab was opened, or its place has another size.
    show() {
      this.fit();
      this.draw(store.state);
      this.tick();
    }

    // Columns that a narrow table has no room for are left out, instead of cut to one letter.
    fit() {
      if (!this.api || this.api.isDestroyed() || !this.visible) return;
      const width = this.root.clientWidth;
      for (const [column, from] of Object.entries(this.options.shown_from)) {
        const hide = width < from;
        if (hide === this.hidden.has(column)) continue;
        this.hidden[hide ? "add" : "delete"](column);
        this.api.setColumnsVisible([column], !hide);
      }
    }

    get selectedIds() {
      return this.api && !this.api.isDestroyed() ? this.api.getSelectedNodes().map((node) => node.id) : [];
    }

    clearSelection() {
      if (this.api) this.api.deselectAll();
    }

    filter(text) {
      if (this.api) this.api.setGridOption("quickFilterText", text);
    }
  }

  window.jobhub.widget("job_grid", (root, options) => {
    const grid = new JobGrid(root, options);
    grids.set(options.list, grid);
    let mounted = true;
    window.dash_ag_grid.getApiAsync(options.grid).then((api) => mounted && grid.attach(api));
    const ends = [
      view.subscribe(options.list, (state) => grid.draw(state), { everyMs: EVERY_MS, root }),
      view.subscribe("tick", () => grid.tick(), { everyMs: 1000 }),
    ];
    const resized = new ResizeObserver(() => grid.fit());
    resized.observe(root);
    return () => {
      mounted = false;
      grids.delete(options.list);
      resized.disconnect();
      ends.forEach((end) => end());
    };
  });

  window.jobhub.jobGrids = grids;
})();
