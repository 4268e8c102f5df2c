// Put into the page by bench/pixel.py: notes when each event is on the screen, and every frame.
(() => {
  const { store, stream } = window.jobhub;
  const shown = document.body.appendChild(document.createElement("output"));
  const afterPaint = new MessageChannel();
  const unlogged = new Set(["job_progress", "system_stats"]); // no mark for the topic that the probe draws
  let run = null;

  const { fold } = store;
  store.fold = (message) => {
    const outcome = fold(message);
    if (run && message.type === "events") {
      run.events += (message.progress || []).length;
      for (const event of message.events || []) {
        run.events++;
        if (!unlogged.has(event.type)) run.waiting.push(event);
      }
    }
    return outcome;
  };

  store.subscribe("log", ({ seq }) => {
    shown.textContent = seq;
    afterPaint.port1.postMessage(seq); // a task, so it runs after this frame's paint
  });

  afterPaint.port2.onmessage = ({ data: seq }) => {
    if (!run) return;
    const now = Date.now();
    let painted = 0;
    while (painted < run.waiting.length && run.waiting[painted].seq <= seq) {
      run.delays.push(now - run.waiting[painted++].timestamp);
    }
    run.waiting.splice(0, painted);
  };

  const count = () => {
    if (run) run.frames++;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);

  window.pixelProbe = {
    start() {
      run = { at: performance.now(), events: 0, frames: 0, delays: [], waiting: [], resyncs: stream.status.resyncs };
    },
    stop() {
      const { at, events, frames, delays, resyncs } = run;
      run = null;
      const seconds = (performance.now() - at) / 1000;
      return { events, frames, delays, seconds, resyncs: stream.status.resyncs - resyncs };
    },
  };
})();
