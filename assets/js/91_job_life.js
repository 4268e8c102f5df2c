// A job's life: its states as a diagram, which it passed in this run, when, how often and for how long.
// lifeOf and attemptsOf are pure.
(function () {
  "use strict";
  const { dom, format } = window.jobhub;
  const { element } = dom;
  const WAY = ["scheduled", "pending", "assigned", "in_progress"];
  const ENDS = ["completed", "failed", "cancelled"];
  const HELD = new Set(["assigned", "in_progress"]);

  // {status: {count, at, ms, open}} of a run, and its moves back: [{text, count}].
  function lifeOf(history, run) {
    const moves = history.filter((move) => move.run === run);
    const visits = {};
    const back = new Map();
    moves.forEach((move, index) => {
      const next = moves[index + 1];
      const visit = (visits[move.new_status] = visits[move.new_status] || { count: 0, ms: 0 });
      const stays = move.old_status === move.new_status; // its priority or time was changed
      visit.count += stays ? 0 : 1;
      if (!stays) visit.at = move.at;
      visit.open = next ? null : move.at;
      if (next) visit.ms += next.at - move.at;
      if (isBack(move)) {
        const text = describeBack(move);
        back.set(text, (back.get(text) || 0) + 1);
      }
    });
    return { visits, back: [...back].map(([text, count]) => ({ text, count })) };
  }

  function isBack({ old_status, new_status }) {
    return WAY.indexOf(new_status) >= 0 && WAY.indexOf(new_status) < WAY.indexOf(old_status);
  }

  function describeBack({ old_status, reason, error }) {
    const from = old_status === "in_progress" ? "running" : old_status;
    const why = error ? error.type : (reason || "moved").replaceAll("_", " ");
    return "Back from " + from + ": " + why;
  }

  // Every attempt of every run, newest first.
  function attemptsOf(history) {
    const attempts = [];
    let open = null;
    for (const move of history) {
      if (move.new_status === "assigned") {
        const { run, attempt, worker_id, fence } = move;
        attempts.unshift((open = { run, attempt, worker_id, fence, assigned_at: move.at }));
      } else if (open && move.new_status === "in_progress") {
        open.started_at = move.at;
      } else if (open && HELD.has(move.old_status)) {
        Object.assign(open, { ended_at: move.at, ended: move.new_status, reason: move.reason, error: move.error });
        open = null;
      }
    }
    return attempts;
  }

  // --- Drawing ------------------------------------------------------------------------------------

  function drawLife(root, job, history, now) {
    const { visits, back } = lifeOf(history, job.run);
    const way = WAY.map((status) => stage(status, visits[status], job, now));
    const ends = ENDS.map((status) => stage(status, visits[status], job, now));
    root.replaceChildren(
      element("ol", { class: "life-way", "aria-label": "States of run " + job.run }, [
        ...way,
        element("li", { class: "life-ends" }, [element("ul", { class: "life-outcomes" }, ends)]),
      ]),
      element(
        "ul",
        { class: "life-back", "aria-label": "Moves back" },
        back.map(({ text, count }) => element("li", {}, ["↩ " + text + (count > 1 ? " ×" + count : "")])),
      ),
    );
  }

  function stage(status, visit, job, now) {
    const current = job.status === status;
    const look = current ? " is-current" : visit ? " is-passed" : "";
    const spent = visit ? visit.ms + (visit.open !== null && !ENDS.includes(status) ? Math.max(0, now - visit.open) : 0) : 0;
    const isEnd = ENDS.includes(status);
    return element("li", { class: "life-stage" + look, "data-status": status, "aria-current": current ? "step" : null }, [
      window.jobhub.words.pill(status),
      element("time", { class: "life-at", title: visit ? format.exact(visit.at) : "" }, [
        visit ? format.time(visit.at, now) : format.DASH,
      ]),
      element("span", { class: "life-spent" }, [visit && !isEnd ? format.span(spent) + times(visit) : "\u00a0"]),
    ]);
  }

  function times({ count }) {
    return count > 1 ? ", " + count + " times" : "";
  }

  // One sentence on where it stands.
  function lifeNote(job) {
    const parts = ["Run " + job.run, "attempt " + (job.attempt || 1) + (job.max_attempts ? " of " + job.max_attempts : "")];
    if (job.losses) parts.push(format.plural(job.losses, "lost lease"));
    if (job.wait_ms !== undefined) parts.push("waited " + format.span(job.wait_ms));
    if (job.run_ms !== undefined) parts.push("ran " + format.span(job.run_ms));
    return parts.join(", ");
  }

  function drawProgress(root, job) {
    const { progress } = job;
    dom.setHidden(root, !progress || job.status !== "in_progress");
    if (!progress) return;
    const percent = Math.max(0, Math.min(100, progress.percent || 0));
    const step = progress.of_steps ? "step " + format.count(progress.current_step || 0) + " of " + format.count(progress.of_steps) : null;
    const left = progress.eta_ms ? format.span(progress.eta_ms) + " left" : null;
    if (!root.firstElementChild) {
      const track = { class: "progress-track", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 };
      root.append(
        element("div", track, [element("div", { class: "progress-fill" })]),
        element("span", { class: "progress-number" }),
        element("bdi", { class: "job-progress-text muted" }),
      );
    }
    const [track, number, text] = root.children;
    dom.setAttribute(track, "aria-valuenow", String(Math.round(percent)));
    dom.setScale(track.firstElementChild, percent / 100);
    dom.setText(number, Math.round(percent) + "%");
    dom.setText(text, [progress.message, step, left].filter(Boolean).join(" · "));
  }

  window.jobhub.jobLife = { lifeOf, attemptsOf, drawLife, lifeNote, drawProgress };
})();
