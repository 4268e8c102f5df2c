// The Audit page: entries of the hub's log as sentences; read once, and again when an action was told.
(function () {
  "use strict";
  const { dom, format, hub, store, clock, words } = window.jobhub;
  const { element, setText } = dom;
  const PAGE = 50;
  const AGAIN_MS = 1000; // at most so often, however much is done
  const NAMED = 3; // jobs by name in a row; the hub keeps twenty of an action

  // What was done: words and tone.
  const DEEDS = {
    cancel: () => ["cancelled", "amber"],
    retry: () => ["retried", "blue"],
    purge: () => ["purged", "rose"],
    update: ({ priority, run_at: runAt }) => [changeOf(priority, runAt), "blue"],
    pause: () => ["paused", "amber"],
    resume: () => ["resumed", "green"],
    drain: () => ["drained", "amber"],
    mark_added: () => ["set a mark", "violet"],
    promise_set: ({ target_ms: targetMs }) => ["promised a start in " + format.span(targetMs), "violet"],
    promise_ended: () => ["ended the promise", "grey"],
    user_changed: ({ role }) => ["changed the user" + (role ? ", now " + role : ""), "violet"],
    user_removed: () => ["removed the user", "rose"],
    token_created: ({ role }) => ["created a token" + (role ? " for a " + role : ""), "violet"],
    token_revoked: () => ["revoked the token", "rose"],
  };

  function changeOf(priority, runAt) {
    const parts = [];
    if (priority !== undefined) parts.push("set the priority to " + priority);
    if (runAt !== undefined) parts.push("set the start to " + format.time(runAt, clock.now()));
    return parts.join(", ") || "changed";
  }

  // To what it was done, as text and links.
  function subjects(entry) {
    if (entry.job_ids) return jobsOf(entry);
    if (entry.worker_id) return [link("/workers/", entry.worker_id, entry.worker_id)];
    const name = entry.job_type || entry.name || format.DASH;
    return [element("span", { class: "audit-name", title: name }, [name])];
  }

  function jobsOf({ job_ids: ids, count }) {
    const links = ids.slice(0, NAMED).map((id) => link("/jobs/", id, format.shortId(id), "mono"));
    const more = count - links.length;
    const rest = more > 0 ? [element("span", { class: "muted" }, ["and " + format.count(more) + " more"])] : [];
    return [format.plural(count, "job"), ...links, ...rest];
  }

  function link(path, id, text, look = "") {
    const shown = { class: ("row-link audit-name " + look).trim(), href: path + encodeURIComponent(id), title: id };
    return element("a", shown, [text]);
  }

  function make(entry) {
    const deed = DEEDS[entry.action] || (() => [entry.action.replaceAll("_", " "), "grey"]);
    const [text, tone] = deed(entry);
    return element("tr", {}, [
      element("td", { class: "audit-time" }, [element("time", { title: format.exact(entry.at) })]),
      element("td", { class: "audit-who", title: entry.actor }, [entry.actor]),
      element("td", {}, [element("span", { class: "pill tone-" + tone }, [text])]),
      element("td", {}, [element("div", { class: "audit-what" }, subjects(entry))]),
    ]);
  }

  function update(row, { at }) {
    setText(row.querySelector("time"), format.time(at, clock.isKnown() ? clock.now() : Date.now()));
  }

  class AuditPage {
    constructor(root) {
      Object.assign(this, { root, entries: [], cursor: null, stopped: new AbortController() });
      this.seen = newestAction(store.state.log);
      this.older = dom.part(root, "older");
      this.older.addEventListener("click", () => this.read(this.cursor));
      this.read(null);
    }

    // The newest page, or the one after `cursor`.
    async read(cursor) {
      this.older.disabled = true;
      const query = "?limit=" + PAGE + (cursor ? "&cursor=" + cursor : "");
      try {
        const page = await hub.ask("/audit", { query, signal: this.stopped.signal });
        this.take(page, cursor);
        this.say(this.entries.length ? null : "Nobody has done anything yet");
      } catch (error) {
        if (error.name === "AbortError") return;
        this.say(error.message, "Try again", () => this.read(cursor));
      }
      this.older.disabled = this.cursor === null;
    }

    // What the newest page brings stands before what was read; older pages stay.
    take({ entries, cursor }, after) {
      const known = new Set(entries.map((entry) => entry.audit_id));
      const others = this.entries.filter((entry) => !known.has(entry.audit_id));
      const joins = after || !others.length || known.has(this.entries[0].audit_id);
      if (after) this.entries = others.concat(entries);
      else this.entries = joins ? entries.concat(others) : entries; // more was done than a page holds
      if (after || !joins || this.entries.length === entries.length) this.cursor = cursor;
      this.draw();
    }

    draw() {
      dom.reconcile(dom.part(this.root, "rows"), this.entries, (entry) => entry.audit_id, make, update);
      const end = this.cursor === null ? ", the end" : ", more follow";
      const count = this.entries.length;
      setText(dom.part(this.root, "foot"), count ? format.plural(count, "action") + end : "");
    }

    say(text, word, act) {
      const empty = dom.part(this.root, "empty");
      dom.setHidden(empty, text === null);
      const button = word ? [element("button", { class: "button", type: "button", onclick: act }, [word])] : [];
      empty.replaceChildren(element("p", word ? { role: "alert" } : {}, [text || ""]), ...button);
    }

    // The stream told of an action since the last look.
    follow({ log }) {
      const newest = newestAction(log);
      if (newest <= this.seen) return;
      this.seen = newest;
      this.read(null);
    }
  }

  function newestAction(log) {
    for (let at = log.length - 1; at >= 0; at--) if (log[at].type === "operator_action") return log[at].seq;
    return 0;
  }

  window.jobhub.widget("audit", (root) => {
    const page = new AuditPage(root);
    const ends = [
      store.subscribe("log", (state) => page.follow(state), { everyMs: AGAIN_MS }),
      () => page.stopped.abort(),
    ];
    return () => ends.forEach((end) => end());
  });
})();
