// One action on many jobs: counted first, asked, then done a thousand a call, with what was refused and why.
//
//   jobhub.bulk.run("cancel", {ids})  or  ("cancel", {filter})  or  ("priority", {ids}, 80)   resolves to whether anything was changed
(function () {
  "use strict";
  const { format, hub, dom } = window.jobhub;
  const { element } = dom;
  const { plural } = format;
  const REASONS_SHOWN = 3;

  const WORDS = {
    cancel: {
      title: "Cancel jobs",
      text: "What runs is told to stop, and its result is not kept. A cancelled job can be retried by hand.",
      yes: (n) => "Cancel " + plural(n, "job"),
      done: (n) => plural(n, "job") + " cancelled",
      danger: true,
    },
    retry: {
      title: "Retry jobs",
      text: "Each starts a new run, with its attempts counted from the beginning. Earlier runs stay in its history.",
      yes: (n) => "Retry " + plural(n, "job"),
      done: (n) => plural(n, "job") + " back in line",
    },
    priority: {
      title: "Change priority",
      text: "Of jobs that wait; 100 is the most urgent. The jobs of a workflow keep the workflow's priority.",
      yes: (n) => "Change " + plural(n, "job"),
      done: (n) => plural(n, "job") + " changed",
    },
    purge: {
      title: "Purge jobs",
      text: "Finished jobs are deleted for good, with their history, log and result. Figures of the past stay.",
      yes: (n) => "Delete " + plural(n, "job"),
      done: (n) => plural(n, "job") + " deleted",
      danger: true,
    },
  };

  class Tally {
    constructor() {
      Object.assign(this, { matched: 0, changed: 0, reasons: new Map() });
    }

    add({ matched, changed, errors }) {
      this.matched += matched;
      this.changed += changed;
      for (const { message, job_id } of errors) {
        const reason = message.replace(job_id, "").trim();
        this.reasons.set(reason, (this.reasons.get(reason) || 0) + 1);
      }
    }

    get refused() {
      return this.matched - this.changed;
    }

    // "12 stay as they are: the job is completed already (12)".
    get refusals() {
      if (!this.refused) return "";
      const sorted = [...this.reasons].sort((a, b) => b[1] - a[1]).slice(0, REASONS_SHOWN);
      const reasons = sorted.map(([reason, count]) => reason + " (" + format.count(count) + ")");
      const stay = this.refused === 1 ? " stays as it is: " : " stay as they are: ";
      return format.count(this.refused) + stay + reasons.join("; ") + ".";
    }
  }

  // Every call of the action; `told` hears the tally after each. An aborted signal ends it between two calls.
  async function perform(request, signal, told) {
    const tally = new Tally();
    let cursor = null;
    do {
      const body = cursor === null ? request : { ...request, cursor };
      const answer = await hub.ask("/jobs/bulk", { method: "POST", body, signal: request.dry_run ? signal : undefined });
      tally.add(answer);
      cursor = answer.cursor;
      told(tally);
    } while (cursor !== null && !signal.aborted);
    return tally;
  }

  // Jobs submitted after the count are none of those that the person was asked about.
  function fixed({ ids, filter }) {
    if (ids) return { ids };
    const until = Math.floor(window.jobhub.clock.now());
    return { filter: { ...filter, submitted_to: Math.min(filter.submitted_to ?? until, until) } };
  }

  class BulkDialog {
    // priority: what the field starts with.
    constructor(action, scope, priority = 50) {
      this.startsWith = priority;
      this.words = WORDS[action];
      this.request = { action, ...fixed(scope) };
      this.note = element("p", { class: "bulk-note", "aria-live": "polite" }, ["Counting…"]);
      this.refusals = element("p", { class: "muted bulk-refusals" });
      this.close = element("button", { class: "button", type: "button", autofocus: true }, ["Leave them"]);
      this.accept = element("button", { class: "button", type: "button", disabled: true }, [this.words.yes(0)]);
      this.accept.classList.add(this.words.danger ? "button-danger" : "button-primary");
      this.priority = action === "priority" ? this.priorityField() : null;
      this.box = element("dialog", { class: "dialog", "aria-labelledby": "bulk-title" }, [
        element("h2", { id: "bulk-title", class: "dialog-title" }, [this.words.title]),
        element("p", { class: "muted" }, [this.words.text]),
        this.priority,
        this.note,
        this.refusals,
        element("div", { class: "dialog-buttons" }, [this.close, this.accept]),
      ]);
    }

    priorityField() {
      this.input = element("input", { class: "input", type: "number", min: 0, max: 100, step: 1, value: this.startsWith });
      this.input.addEventListener("input", () => this.count());
      return element("label", { class: "field bulk-field" }, [element("span", { class: "field-label" }, ["Priority, 0–100"]), this.input]);
    }

    open() {
      document.body.append(this.box);
      this.box.showModal();
      this.count();
      return new Promise((resolve) => {
        this.close.addEventListener("click", () => this.box.close());
        this.accept.addEventListener("click", () => this.act());
        this.box.addEventListener("close", () => {
          this.stop();
          this.box.remove();
          resolve(this.changed === true);
        });
      });
    }

    stop() {
      if (this.running) this.running.abort();
    }

    start() {
      this.stop();
      this.running = new AbortController();
      this.accept.disabled = true;
      return this.running.signal;
    }

    async count() {
      const signal = this.start();
      if (this.input) {
        if (!this.input.validity.valid || this.input.value === "") return this.say("Give a whole number from 0 to 100.");
        this.request.priority = Number(this.input.value);
      }
      this.say("Counting…");
      try {
        const told = (tally) => this.say("Counting… " + format.count(tally.changed) + " so far");
        const tally = await perform({ ...this.request, dry_run: true }, signal, told);
        if (!signal.aborted) this.offer(tally);
      } catch (error) {
        if (!signal.aborted) this.say(error.message);
      }
      return undefined;
    }

    offer(tally) {
      this.expected = tally.changed;
      dom.setText(this.accept, this.words.yes(tally.changed));
      this.accept.disabled = tally.changed === 0;
      const matching = this.request.filter ? " match the filter." : " chosen.";
      this.say(plural(tally.matched, "job") + matching, tally.refusals);
    }

    async act() {
      const signal = this.start();
      if (this.input) this.input.disabled = true;
      dom.setText(this.close, "Stop");
      let tally = new Tally();
      const told = (now) => {
        tally = now;
        this.say(format.count(now.changed) + " of " + format.count(this.expected));
      };
      try {
        await perform(this.request, signal, told);
      } catch (error) {
        window.jobhub.toasts.toast("bad", error.message);
      }
      this.changed = tally.changed > 0;
      if (this.changed) window.jobhub.toasts.toast("good", this.words.done(tally.changed));
      if (tally.refused) window.jobhub.toasts.toast("bad", tally.refusals);
      this.box.close();
    }

    say(text, refusals = "") {
      dom.setText(this.note, text);
      dom.setText(this.refusals, refusals);
    }
  }

  window.jobhub.bulk = { run: (...given) => new BulkDialog(...given).open(), ACTIONS: Object.keys(WORDS) };
})();
