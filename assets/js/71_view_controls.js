// The head of a live page: time window, pause of the view, reset of the zoom.
(function () {
  "use strict";
  const { dom, view, format, store } = window.jobhub;

  window.jobhub.widget("view_controls", (root) => {
    const pause = dom.part(root, "pause");
    const zoom = dom.part(root, "zoom");
    const note = dom.part(root, "note");
    const windows = [...root.querySelectorAll("[data-window]")];
    let pausedSeq = 0;

    function draw() {
      const { paused, pausedAt, windowS, zoom: zoomed } = view.settings;
      dom.setText(pause, paused ? "Resume" : "Pause");
      dom.setAttribute(pause, "aria-pressed", String(paused));
      pause.classList.toggle("is-on", paused);
      zoom.hidden = !zoomed;
      for (const button of windows) {
        dom.setAttribute(button, "aria-pressed", String(Number(button.dataset.window) === windowS));
      }
      const behind = Math.max(0, store.state.seq - pausedSeq);
      const text = "View paused at " + format.time(pausedAt) + " · " + format.plural(behind, "event") + " behind";
      dom.setText(note, paused ? text : "");
    }

    pause.addEventListener("click", () => {
      pausedSeq = store.state.seq;
      view.pause(!view.settings.paused);
    });
    zoom.addEventListener("click", () => view.setZoom(null));
    for (const button of windows) button.addEventListener("click", () => view.setWindow(Number(button.dataset.window)));
    const ends = [view.onChange(draw), store.subscribe("tick", draw)];
    draw();
    return () => {
      ends.forEach((end) => end());
      if (view.settings.paused) view.pause(false); // a page that nobody sees must not hold others still
    };
  });
})();
