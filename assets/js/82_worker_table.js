// The Workers page: one row a worker, as a table or as cards; filter by text and state, order, drain, resume.
(function () {
  "use strict";
  const { dom, view, format, words, clock, fleet, store } = window.jobhub;
  const { element, setText, part } = dom;
  const KEY = "jobhub.fleet_look";
  const PAGE = 100; // rows that are drawn; the rest on request
  const JOBS_NAMED = 2; // in one line, whatever comes and goes: rows keep their height
  const CHIPS = 5;
  const EVERY_MS = 250;
  const WIDE = "(min-width: 1000px)"; // narrower screens start with cards

  const SORTS = {
    name: () => 0,
    slots: (worker) => -worker.job_ids.length,
    utilisation: (worker, { utilisation }) => -(utilisation[worker.worker_id] || 0),
    failed: (worker) => -worker.failed,
    heard: (worker, { jobs }) => fleet.heardAt(worker, jobs),
  };

  function cell(label, name, className, children) {
    const attributes = { role: "cell", "data-label": label, class: className };
    if (name) attributes["data-part"] = name;
    return element("td", attributes, children);
  }

  function make(worker) {
    const link = element("a", { class: "row-link fleet-name", title: worker.worker_id }, [worker.worker_id]);
    link.href = fleet.href(worker.worker_id);
    return element("tr", { class: "fleet-row", role: "row" }, [
      cell("Worker", null, "fleet-worker", [link]),
      cell("State", null, "fleet-state", [element("span", { class: "pill", "data-part": "status" })]),
      cell("Slots", null, "fleet-slots", [
        element("span", { "data-part": "used" }),
        element("span", { class: "slots", "data-part": "bar", "aria-hidden": "true" }),
      ]),
      cell("Jobs in hand", "jobs", "fleet-jobs"),
      cell("Takes", null, "fleet-takes", [
        element("span", { class: "fleet-types", "data-part": "types" }),
        element("span", { class: "chips", "data-part": "capabilities" }),
      ]),
      cell("Done", "completed", "number"),
      cell("Failed", "failed", "number"),
      cell("Busy, last hour", null, "fleet-busy", [
        element("span", { "data-part": "share" }),
        element("span", { class: "meter", "aria-hidden": "true" }, [element("span", { class: "meter-fill" })]),
      ]),
      cell("Heard of", "heard", "number"),
      cell("Host", null, "fleet-host", [
        element("span", { "data-part": "host" }),
        element("span", { class: "muted", "data-part": "version" }),
      ]),
      cell("", null, "fleet-action", [fleet.actionButton(worker.worker_id)]),
    ]);
  }

  function update(node, worker, { jobs, utilisation }) {
    const status = part(node, "status");
    setText(status, words.word(worker.status));
    dom.setClass(status, "pill tone-" + words.tone(worker.status));
    const used = worker.job_ids.length;
    setText(part(node, "used"), used + " of " + worker.slots);
    fleet.drawSlots(part(node, "bar"), used, worker.slots);
    drawJobs(part(node, "jobs"), worker);
    const types = part(node, "types");
    setText(types, worker.job_types.join(", "));
    dom.setAttribute(types, "title", worker.job_types.join(", ").slice(0, 2000));
    fleet.chips(part(node, "capabilities"), fleet.capabilities(worker.capabilities), CHIPS);
    setText(part(node, "completed"), format.count(worker.completed));
    setText(part(node, "failed"), format.count(worker.failed));
    const share = utilisation[worker.worker_id];
    setText(part(node, "share"), share === undefined ? format.DASH : format.percent(share) + "%");
    dom.setScale(node.querySelector(".meter-fill"), share || 0);
    drawHeard(part(node, "heard"), worker, jobs);
    setText(part(node, "host"), worker.host || format.DASH);
    setText(part(node, "version"), worker.version || "");
    dom.setAttribute(part(node, "host"), "title", worker.host || "");
    dom.setAttribute(part(node, "version"), "title", worker.version || "");
    fleet.drawAction(node.querySelector("button"), worker);
    dom.setClass(node, worker.status === "offline" ? "fleet-row is-offline" : "fleet-row");
  }

  function drawHeard(place, worker, jobs) {
    const live = window.jobhub.stream.status.state === "live";
    setText(place, fleet.heard(worker, jobs, clock.now(), live));
    dom.setAttribute(place, "title", format.exact(fleet.heardAt(worker, jobs)));
  }

  function drawJobs(place, worker) {
    const shown = worker.job_ids.slice(0, JOBS_NAMED);
    const key = worker.job_ids.join(" ");
    if (place.dataset.shown === key) return;
    place.dataset.shown = key;
    const links = shown.map((id) => {
      const link = element("a", { class: "row-link mono", title: id }, [format.shortId(id)]);
      link.href = "/jobs/" + encodeURIComponent(id);
      return link;
    });
    const more = worker.job_ids.length - shown.length;
    if (more > 0) {
      const all = element("a", { class: "row-link" }, ["+" + more]);
      all.setAttribute("aria-label", more + " more jobs of " + worker.worker_id);
      all.href = fleet.href(worker.worker_id);
      links.push(all);
    }
    if (!links.length) links.push(element("span", { class: "faint" }, [format.DASH]));
    place.replaceChildren(...links);
  }

  class WorkerTable {
    constructor(root, options) {
      Object.assign(this, { root, utilisation: options.utilisation, state: "all", text: "", shown: PAGE });
      this.rows = part(root, "rows");
      this.empty = part(root, "empty");
      this.more = part(root, "more");
      this.sort = part(root, "sort");
      this.search = element("input", {
        type: "search",
        class: "input",
        placeholder: "Name, host, type, capability",
        "aria-label": "Filter workers",
        maxlength: 200,
        oninput: () => this.redraw({ text: this.search.value.trim().toLowerCase() }),
      });
      part(root, "filter").replaceChildren(this.search);
      this.sort.addEventListener("change", () => this.redraw({}));
      this.more.addEventListener("click", () => this.redraw({ shown: this.shown + PAGE }));
      this.buttons("state", (value) => this.redraw({ state: value, shown: PAGE }));
      this.buttons("look", (value) => {
        this.look(value);
        keepLook(value);
      });
      this.look(readLook());
    }

    // Buttons of which one is pressed.
    buttons(kind, chosen) {
      for (const button of this.root.querySelectorAll("[data-" + kind + "]")) {
        button.type = "button";
        button.addEventListener("click", () => {
          this.press(kind, button.dataset[kind]);
          chosen(button.dataset[kind]);
        });
      }
    }

    press(kind, value) {
      for (const button of this.root.querySelectorAll("[data-" + kind + "]")) {
        dom.setAttribute(button, "aria-pressed", String(button.dataset[kind] === value));
      }
    }

    look(value) {
      this.press("look", value);
      dom.setClass(this.root, value === "cards" ? "fleet is-cards" : "fleet");
    }

    redraw(changes) {
      Object.assign(this, changes);
      this.draw(store.state);
    }

    matches(worker) {
      if (this.state !== "all" && worker.status !== this.state) return false;
      if (!this.text) return true;
      const about = [worker.worker_id, worker.host, worker.version, ...worker.job_types];
      about.push(...fleet.capabilities(worker.capabilities));
      return about.some((text) => text && text.toLowerCase().includes(this.text));
    }

    draw({ workers, jobs }) {
      const about = { jobs, utilisation: this.utilisation };
      const rank = SORTS[this.sort.value];
      const found = [...workers.values()].filter((worker) => this.matches(worker));
      if (this.sort.value === "name") found.sort(fleet.compare);
      else found.sort((a, b) => rank(a, about) - rank(b, about) || fleet.compareNames(a, b));
      const shown = found.slice(0, this.shown);
      dom.reconcile(this.rows, shown, (worker) => worker.worker_id, make, (node, worker) => update(node, worker, about));
      this.drawNotes(workers, found.length, shown.length);
    }

    drawNotes(workers, found, shown) {
      const here = [...workers.values()].filter((worker) => worker.status !== "offline").length;
      const gone = workers.size - here;
      const note = format.count(here) + " connected" + (gone ? ", " + format.count(gone) + " gone" : "");
      setText(part(this.root, "note"), clock.isKnown() ? note : "");
      dom.setHidden(this.rows.parentElement, !found);
      dom.setHidden(this.empty, found > 0);
      setText(this.empty, emptyText(workers.size));
      dom.setHidden(this.more, shown === found);
      setText(this.more, "Show more of " + format.count(found));
    }
  }

  function emptyText(all) {
    if (!clock.isKnown()) return "No data yet";
    return all ? "No worker passes the filter" : "No worker has connected yet";
  }

  function keepLook(value) {
    try {
      window.localStorage.setItem(KEY, value);
    } catch (error) {
      return; // storage is forbidden: the look lasts as long as the page
    }
  }

  function readLook() {
    let kept = null;
    try {
      kept = window.localStorage.getItem(KEY);
    } catch (error) {
      kept = null; // storage is forbidden
    }
    if (kept === "cards" || kept === "table") return kept;
    return window.matchMedia(WIDE).matches ? "table" : "cards";
  }

  window.jobhub.widget("worker_table", (root, options) => {
    const table = new WorkerTable(root, options);
    return view.subscribe(["workers", "active", "tick"], (state) => table.draw(state), { everyMs: EVERY_MS });
  });
})();
