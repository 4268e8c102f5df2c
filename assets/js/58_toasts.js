// Toasts: what happened, for a few seconds, in a live region that screen readers speak.
(function () {
  "use strict";
  const { element } = window.jobhub.dom;
  const SHOWN_MS = { good: 5000, bad: 12_000 };
  const AT_ONCE = 4; // the oldest makes room

  function region() {
    return document.getElementById("toasts");
  }

  function toast(tone, text) {
    const place = region();
    if (!place) return;
    const close = element("button", { class: "toast-close", "aria-label": "Dismiss", type: "button" }, ["×"]);
    const made = element("div", { class: "toast-note toast-" + tone, role: tone === "bad" ? "alert" : "status" }, [
      element("span", { class: "toast-dot", "aria-hidden": "true" }),
      element("span", { class: "toast-text" }, [text]),
      close,
    ]);
    close.addEventListener("click", () => made.remove());
    place.append(made);
    while (place.children.length > AT_ONCE) place.firstElementChild.remove();
    window.setTimeout(() => made.remove(), SHOWN_MS[tone]);
  }

  window.jobhub.toasts = { toast };
})();
