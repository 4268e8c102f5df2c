// "Which workers would take it": asked of the dashboard's server while a person writes, and again when
// workers come or go.
(function () {
  "use strict";
  const { dom, hub, words, fleet, format } = window.jobhub;
  const { element, setText } = dom;
  const REST_MS = 300; // after the last key
  const SHOWN = 40;

  class Match {
    constructor(root, read) {
      Object.assign(this, { root, read, timer: null, asked: null });
      this.summary = element("p", { class: "match-summary", role: "status" }, ["Choose a job type"]);
      this.rows = element("ul", { class: "rows" });
      this.more = element("p", { class: "panel-foot", hidden: true });
      root.replaceChildren(this.summary, this.rows, this.more);
    }

    later() {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.ask(), REST_MS);
    }

    end() {
      window.clearTimeout(this.timer);
      if (this.asked) this.asked.abort();
    }

    async ask() {
      if (this.asked) this.asked.abort();
      this.asked = new AbortController();
      let wanted;
      try {
        wanted = this.read();
      } catch (error) {
        return this.say(error.message, "amber");
      }
      if (!wanted.job_type) return this.say("Choose a job type", "grey");
      try {
        this.draw(await hub.ask("/match", { method: "POST", body: wanted, signal: this.asked.signal }));
      } catch (error) {
        if (error.name !== "AbortError") this.say((error.field ? error.field + ": " : "") + error.message, "amber");
      }
      return undefined;
    }

    say(text, tone, rows = []) {
      setText(this.summary, text);
      dom.setClass(this.summary, "match-summary tone-" + tone);
      dom.reconcile(this.rows, rows.slice(0, SHOWN), (row) => row.worker_id, makeRow, updateRow);
      dom.setHidden(this.more, rows.length <= SHOWN);
      setText(this.more, "and " + format.plural(rows.length - SHOWN, "more worker"));
    }

    draw({ unworkable, fitting, connected, workers }) {
      if (!connected) return this.say("No worker is connected: the job would wait", "amber", workers);
      const of = fitting + " of " + format.plural(connected, "connected worker") + " would take it";
      const text = fitting ? of : "It would wait: " + unworkable;
      return this.say(text, fitting ? "green" : "amber", workers);
    }
  }

  function makeRow(row) {
    const link = element("a", { class: "entry-name row-link", title: row.worker_id }, [row.worker_id]);
    link.href = fleet.href(row.worker_id);
    return element("li", { class: "entry" }, [
      element("div", { class: "entry-line" }, [
        link,
        element("span", { class: "pill", "data-part": "status" }),
        element("span", { class: "match-word", "data-part": "fits" }),
      ]),
      element("div", { class: "match-reasons muted", "data-part": "reasons" }),
    ]);
  }

  function updateRow(node, row) {
    const status = dom.part(node, "status");
    setText(status, words.word(row.status));
    dom.setClass(status, "pill tone-" + words.tone(row.status));
    setText(dom.part(node, "fits"), row.fits ? "✓ fits" : "✕ does not fit");
    dom.setClass(node, row.fits ? "entry match-fits" : "entry match-misfits");
    setText(dom.part(node, "reasons"), row.fits ? row.waits_for || "has a free slot" : row.reasons.join("; "));
  }

  window.jobhub.Match = Match;
})();
