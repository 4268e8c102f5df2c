// How a worker reads wherever one is shown: its order, its slots, what it takes, when it was heard of.
(function () {
  "use strict";
  const { dom, format } = window.jobhub;
  const SLOTS_DRAWN = 24; // more become one bar
  const ALIVE_MS = 60_000; // longer without a sign is said in words: heartbeats come without an event
  const CAPABILITY_CHARS = 48;
  const GONE = { offline: 1 };

  // Who is there stands first, by name.
  function compare(a, b) {
    return (GONE[a.status] || 0) - (GONE[b.status] || 0) || compareNames(a, b);
  }

  function compareNames(a, b) {
    return a.worker_id.localeCompare(b.worker_id, "en", { numeric: true });
  }

  function drawSlots(bar, used, slots) {
    const drawn = Math.min(slots, SLOTS_DRAWN);
    while (bar.children.length > drawn) bar.lastElementChild.remove();
    while (bar.children.length < drawn) bar.append(dom.element("span", { class: "slot" }));
    const filled = Math.ceil((Math.min(used, slots) / slots) * drawn);
    [...bar.children].forEach((slot, at) => dom.setClass(slot, at < filled ? "slot is-used" : "slot"));
  }

  // The newest sign of life that the page knows: its record's, or what it said of its jobs.
  function heardAt(worker, jobs) {
    let newest = worker.last_heartbeat_at || worker.connected_at;
    for (const id of worker.status === "offline" ? [] : worker.job_ids) {
      const job = jobs.get(id);
      if (!job || job.worker_id !== worker.worker_id) continue;
      newest = Math.max(newest, job.started_at || 0, job.progress ? job.progress.updated_at || 0 : 0);
    }
    return newest;
  }

  // "4 s ago"; "connected" for one that is silent for a while, because the hub would put it offline if it were gone.
  function heard(worker, jobs, now, isLive) {
    const silentMs = now - heardAt(worker, jobs);
    if (worker.status !== "offline" && isLive && silentMs > ALIVE_MS) return "connected";
    return format.age(silentMs) + " ago";
  }

  // ["gpu", "gpu_memory_gb 24", "codecs h264, h265"]; keys of keys are dotted, as requirements name them.
  function capabilities(given, prefix = "") {
    const texts = [];
    for (const [key, value] of Object.entries(given || {})) {
      const name = prefix + key;
      if (value === true) texts.push(name);
      else if (Array.isArray(value)) texts.push(name + " " + value.map(plain).join(", "));
      else if (value !== null && typeof value === "object") texts.push(...capabilities(value, name + "."));
      else texts.push(name + " " + plain(value));
    }
    return texts;
  }

  function plain(value) {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  }

  // Small labels; the last says how many more there are.
  function chips(place, texts, most) {
    const shown = texts.slice(0, most);
    if (texts.length > most) shown.push("+" + (texts.length - most));
    const key = JSON.stringify(texts);
    if (place.dataset.shown === key) return;
    place.dataset.shown = key;
    place.title = texts.join(" · ").slice(0, 2000);
    place.replaceChildren(...shown.map((text) => dom.element("span", { class: "chip" }, [clip(text)])));
  }

  function clip(text) {
    return text.length > CAPABILITY_CHARS ? text.slice(0, CAPABILITY_CHARS - 1) + "…" : text;
  }

  function href(workerId) {
    return "/workers/" + encodeURIComponent(workerId);
  }

  // Drain, or resume; `root` holds the button.
  function actionButton(workerId) {
    const button = dom.element("button", { class: "button button-small", type: "button" }, [""]);
    button.addEventListener("click", async () => {
      button.disabled = true;
      await window.jobhub.actions.run(button.dataset.action, [workerId]);
      button.disabled = false;
    });
    return button;
  }

  function drawAction(button, worker) {
    const draining = worker.status === "draining";
    dom.setHidden(button, worker.status === "offline");
    dom.setText(button, draining ? "Resume" : "Drain");
    dom.setAttribute(button, "data-action", draining ? "resume_worker" : "drain_worker");
    dom.setAttribute(button, "aria-label", (draining ? "Resume " : "Drain ") + worker.worker_id);
  }

  window.jobhub.fleet = {
    compare, compareNames, drawSlots, heard, heardAt, capabilities, chips, href, actionButton, drawAction,
  };
})();
