// What an operator does: asked, confirmed where it destroys, sent through one Dash callback, told.
//
//   jobhub.actions.run("cancel_job", [job_id, ...])
//
// A Dash prop is state, not a queue: the next action waits until the one before was answered.
(function () {
  "use strict";
  const { plural } = window.jobhub.format;
  const ACTION = "operator-action"; // dashboard/ids.py
  const RESULT = "operator-action-result";
  const ANSWER_WITHIN_MS = 60_000;
  const waiting = [];
  let current = null;
  let number = 0;

  const WORDS = {
    cancel_job: {
      done: (n) => plural(n, "job") + " cancelled",
      confirm: (n) => ({
        title: "Cancel " + plural(n, "job") + "?",
        text: "What runs is told to stop, and its result is not kept. A cancelled job can be retried by hand.",
        yes: "Cancel " + plural(n, "job"),
        no: "Keep",
      }),
    },
    retry_job: { done: (n) => plural(n, "job") + " back in line" },
    pause_queue: { done: (n, targets) => targets[0] + " paused: its jobs wait" },
    resume_queue: { done: (n, targets) => targets[0] + " resumed" },
    drain_worker: {
      done: (n, targets) => targets[0] + " finishes what it has and takes nothing new",
      confirm: (n, targets) => ({
        title: "Drain " + targets[0] + "?",
        text: "It finishes the jobs that it has and takes no new ones until it is resumed.",
        yes: "Drain",
        no: "Leave it",
      }),
    },
    resume_worker: { done: (n, targets) => targets[0] + " takes jobs again" },
  };

  async function run(name, targets) {
    if (document.querySelector("#shell.is-viewer")) return null; // a key pressed; the server refuses as well
    const { confirm } = WORDS[name];
    if (confirm && !(await window.jobhub.dialog.ask(confirm(targets.length, targets)))) return null;
    return new Promise((resolve) => {
      waiting.push({ id: Date.now() + "-" + ++number, name, targets, resolve });
      next();
    });
  }

  function next() {
    if (current || !waiting.length) return;
    current = waiting.shift();
    const { id, name, targets } = current;
    current.timer = window.setTimeout(() => finish(lost(current)), ANSWER_WITHIN_MS);
    window.dash_clientside.set_props(ACTION, { data: { id, name, targets } });
  }

  function lost({ id, name, targets }) {
    return { id, name, targets, done: 0, failures: ["The dashboard gave no answer"] };
  }

  // Called with the data of RESULT.
  function answered(outcome) {
    if (outcome && current && outcome.id === current.id) finish(outcome);
  }

  function finish(outcome) {
    window.clearTimeout(current.timer);
    const { resolve } = current;
    current = null;
    tell(outcome);
    resolve(outcome);
    next();
  }

  function tell({ name, targets, done, failures }) {
    const { toast } = window.jobhub.toasts;
    if (done) toast("good", WORDS[name].done(done, targets));
    if (failures.length) {
      const rest = failures.length > 3 ? " · and " + (failures.length - 3) + " more" : "";
      toast("bad", failures.slice(0, 3).join(" · ") + rest);
    }
  }

  window.jobhub.actions = { run, answered, RESULT };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.jobhub_actions = {
    answered(outcome) {
      answered(outcome);
      return window.dash_clientside.no_update;
    },
  };
})();
