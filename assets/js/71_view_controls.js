// The head of a live page: time window, split of the charts, pause of the view, reset of the zoom.
(function () {
  "use strict";
  const { dom, view, format, store, clock, buckets } = window.jobhub;

  // The figures of the charts as they stand: their time, their steps, their split.
  function exportUrl() {
    const { windowS, split, zoom } = view.settings;
    const untilMs = clock.isKnown() ? clock.now() : Date.now();
    const [from, to] = (zoom || [untilMs - windowS * 1000, untilMs]).map(Math.floor);
    return "/export/metrics.csv?" + new URLSearchParams({ from, to, step: buckets.STEPS_S[windowS], group_by: split });
  }

  window.jobhub.widget("view_controls", (root) => {
    const pause = dom.part(root, "pause");
    const zoom = dom.part(root, "zoom");
    const note = dom.part(root, "note");
    const windows = [...root.querySelectorAll("[data-window]")];
    const splits = [...root.querySelectorAll("[data-split]")];
    let pausedSeq = 0;

    function draw() {
      const { paused, pausedAt, windowS, split, zoom: zoomed } = view.settings;
      dom.setText(pause, paused ? "Resume" : "Pause");
      dom.setAttribute(pause, "aria-pressed", String(paused));
      pause.classList.toggle("is-on", paused);
      zoom.hidden = !zoomed;
      for (const button of windows) {
        dom.setAttribute(button, "aria-pressed", String(Number(button.dataset.window) === windowS));
      }
      for (const button of splits) dom.setAttribute(button, "aria-pressed", String(button.dataset.split === split));
      const behind = Math.max(0, store.state.seq - pausedSeq);
      const text = "View paused at " + format.time(pausedAt) + " · " + format.plural(behind, "event") + " behind";
      dom.setText(note, paused ? text : "");
    }

    pause.addEventListener("click", () => {
      pausedSeq = store.state.seq;
      view.pause(!view.settings.paused);
    });
    zoom.addEventListener("click", () => view.setZoom(null));
    const link = dom.part(root, "export");
    for (const type of ["click", "auxclick", "contextmenu"]) {
      link.addEventListener(type, () => (link.href = exportUrl())); // the time goes on until it is asked for
    }
    for (const button of windows) button.addEventListener("click", () => view.setWindow(Number(button.dataset.window)));
    for (const button of splits) button.addEventListener("click", () => view.setSplit(button.dataset.split));
    const ends = [view.onChange(draw), store.subscribe("tick", draw)];
    draw();
    return () => {
      ends.forEach((end) => end());
      if (view.settings.paused) view.pause(false); // a page that nobody sees must not hold others still
    };
  });
})();
