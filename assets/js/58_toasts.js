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
    // Who reads it under the pointer, or has the focus in it, may take the time that it needs.
    let timer = null;
    const leave = () => (timer = window.setTimeout(() => made.remove(), SHOWN_MS[tone]));
    for (const type of ["pointerenter", "focusin"]) made.addEventListener(type, () => window.clearTimeout(timer));
    for (const type of ["pointerleave", "focusout"]) made.addEventListener(type, leave);
    leave();
  }

  window.jobhub.toasts = { toast };
})();
