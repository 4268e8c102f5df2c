// The Jobs page: the filter of the URL, one search, its table, and what is done with what was found.
(function () {
  "use strict";
  const { dom, format, hub, jobQuery, bulk } = window.jobhub;
  const { setText, part } = dom;
  const MOVED = ["popstate", "_dashprivate_pushstate"]; // the latter is how dcc.Link tells of its move
  const LISTS_WITHOUT_END = "The order of Finished leaves out jobs that are not finished.";

  class JobsPage {
    constructor(root, options) {
      Object.assign(this, { root, options, everything: false });
      this.search = new window.jobhub.JobSearch(
        (query, signal) => hub.ask("/jobs", { query, signal }),
        () => this.draw(),
      );
      this.filter = new window.jobhub.JobFilter(part(root, "form"), options.statuses, (query) => this.change(query));
      this.found = new window.jobhub.FoundJobs(root.querySelector(".jobs-grid"), options, {
        sorted: (sort, order) => this.change({ ...this.query, sort, order }),
        selected: () => this.drawSelection(),
      });
      part(root, "columns").replaceChildren(window.jobhub.columnMenu(this.found, options.columns));
      this.wire();
      this.read();
    }

    wire() {
      const on = (name, act) => part(this.root, name).addEventListener("click", act);
      on("previous", () => this.search.previous());
      on("next", () => this.search.next());
      on("reload", () => this.search.reload());
      on("link", () => this.copyLink());
      on("everything", () => this.takeEverything(!this.everything));
      for (const action of bulk.ACTIONS) on(action, () => this.act(action));
    }

    // The view that the URL asks for.
    read() {
      this.query = jobQuery.read(window.location.search);
      this.filter.show(this.query);
      this.open();
    }

    // The person wants another view: the URL follows, without a step in the browser's history a letter.
    change(query) {
      this.query = jobQuery.read(jobQuery.write(query));
      window.history.replaceState({}, "", window.location.pathname + jobQuery.write(this.query));
      this.open();
    }

    open() {
      this.takeEverything(false);
      this.found.clearSelection();
      this.found.showSort(this.query);
      part(this.root, "export").href = "/export/jobs.csv" + jobQuery.write(this.query);
      this.search.open(this.query);
    }

    draw() {
      const { rows, loading, error, page, hasNext, unfinished } = this.search;
      if (this.drawnRows !== rows) {
        this.drawnRows = rows;
        this.found.fill(rows);
      }
      this.root.querySelector(".jobs-grid").classList.toggle("is-loading", loading);
      part(this.root, "previous").disabled = page < 2 || loading;
      part(this.root, "next").disabled = !hasNext;
      setText(part(this.root, "foot"), this.footText());
      this.filter.refuse(error);
      this.drawEmpty({ rows, loading, error, unfinished });
    }

    footText() {
      const { rows, loading, error, page, cursor, unfinished } = this.search;
      if (error) return "";
      if (loading) return rows.length ? "Searching… " + format.plural(rows.length, "job") + " so far" : "Searching…";
      const first = (page - 1) * 100;
      const range = rows.length ? format.count(first + 1) + "–" + format.count(first + rows.length) : "None";
      const end = unfinished ? "searched some thousand jobs" : cursor === null ? "the end" : "more follow";
      return range + ", " + end + (this.query.sort === "finished_at" ? ". " + LISTS_WITHOUT_END : "");
    }

    drawEmpty({ rows, loading, error, unfinished }) {
      const empty = part(this.root, "empty");
      dom.setHidden(empty, rows.length > 0 && !unfinished);
      empty.classList.toggle("is-below", rows.length > 0);
      const [text, word, act] = this.emptyState({ rows, loading, error, unfinished });
      const button = word ? dom.element("button", { class: "button", type: "button", onclick: act }, [word]) : null;
      empty.replaceChildren(dom.element("p", error ? { role: "alert" } : {}, [text]), ...(button ? [button] : []));
    }

    emptyState({ loading, error, unfinished }) {
      if (error && error.field) return ["The filter is not right. " + error.field + ": " + error.message];
      if (error) return [error.message, "Try again", () => this.search.reload()];
      if (loading) return ["Searching…"];
      if (unfinished) return ["Many jobs were read and few match.", "Search further", () => this.search.further()];
      if (!jobQuery.isFiltered(this.query)) return ["No job is kept yet"];
      return ["No job passes this filter", "Clear the filter", () => this.filter.clear.click()];
    }

    // --- What is done with them ------------------------------------------------------------------

    takeEverything(on) {
      this.everything = on;
      dom.setAttribute(part(this.root, "everything"), "aria-pressed", String(on));
      part(this.root, "everything").classList.toggle("is-chosen", on);
      this.drawSelection();
    }

    drawSelection() {
      if (!this.found) return;
      const chosen = this.found.selectedIds.length;
      const text = this.everything ? "All that match" : chosen ? format.plural(chosen, "job") + " selected" : "";
      setText(part(this.root, "selected"), this.everything ? "on all pages" : text);
      for (const action of bulk.ACTIONS) part(this.root, action).disabled = !this.everything && !chosen;
    }

    async act(action) {
      const scope = this.everything ? { filter: jobQuery.filterOf(this.query) } : { ids: this.found.selectedIds };
      const changed = await bulk.run(action, scope);
      if (!changed) return;
      this.takeEverything(false);
      this.found.clearSelection();
      this.search.reload();
    }

    async copyLink() {
      try {
        await window.navigator.clipboard.writeText(window.location.href);
        window.jobhub.toasts.toast("good", "Link copied: it shows this filter to whoever opens it");
      } catch (error) {
        window.jobhub.toasts.toast("bad", "The browser does not let the page copy; take the address of the page");
      }
    }

    end() {
      this.search.stop();
      this.filter.end();
      this.found.unfollow();
    }
  }

  window.jobhub.widget("jobs", (root, options) => {
    const page = new JobsPage(root, options);
    const path = window.location.pathname;
    let mounted = true;
    window.dash_ag_grid.getApiAsync(options.grid).then((api) => mounted && page.found.attach(api));
    const resized = new ResizeObserver(() => page.found.fit());
    resized.observe(root);
    const moved = () => {
      const same = jobQuery.write(jobQuery.read(window.location.search)) === jobQuery.write(page.query);
      if (window.location.pathname === path && !same) page.read();
    };
    for (const event of MOVED) window.addEventListener(event, moved);
    return () => {
      mounted = false;
      resized.disconnect();
      for (const event of MOVED) window.removeEventListener(event, moved);
      page.end();
    };
  });
})();
