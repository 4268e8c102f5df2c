// The theme: system default, light or dark, remembered; and its colours for what cannot read CSS.
//
// Plotly ignores var(): it gets computed values, and draws again when the theme changes.
(function () {
  "use strict";
  const KEY = "jobhub.theme";
  const CHOICES = ["system", "light", "dark"];
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const listeners = new Set();
  let cached = null;

  function stored() {
    try {
      return window.localStorage.getItem(KEY);
    } catch (error) {
      return null; // storage is forbidden: the choice lasts as long as the page
    }
  }

  let onPaper = false; // while the page prints: dark ink on white, whatever the screen shows
  let choice = CHOICES.includes(stored()) ? stored() : "system";

  function choose(next) {
    choice = next;
    try {
      window.localStorage.setItem(KEY, next);
    } catch (error) {
      choice = next; // as above
    }
    apply();
  }

  function apply() {
    const screen = choice === "system" ? (dark.matches ? "dark" : "light") : choice;
    const theme = onPaper ? "light" : screen;
    if (document.documentElement.getAttribute("data-bs-theme") === theme) return;
    document.documentElement.setAttribute("data-bs-theme", theme);
    cached = null;
    for (const listener of listeners) listener(theme);
  }

  // The value of a token of assets/css/00_tokens.css in the theme on screen.
  function colour(token) {
    if (!cached) cached = { style: window.getComputedStyle(document.documentElement), values: new Map() };
    if (!cached.values.has(token)) cached.values.set(token, cached.style.getPropertyValue("--" + token).trim());
    return cached.values.get(token);
  }

  // A colour with an alpha of 0 to 1, for fills.
  function faded(token, alpha) {
    const hex = colour(token);
    const channel = (at) => parseInt(hex.slice(at, at + 2), 16);
    return "rgba(" + [channel(1), channel(3), channel(5), alpha].join(",") + ")";
  }

  function print(printing) {
    onPaper = printing;
    apply();
  }

  dark.addEventListener("change", apply);

  window.jobhub.theme = {
    CHOICES,
    choose,
    colour,
    faded,
    print,
    get choice() {
      return choice;
    },
    // Called after a switch; returns what ends it.
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
})();
