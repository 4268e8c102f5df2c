// Sets the theme before the first paint, so that nothing flashes. In the head, and blocking on purpose.
(function () {
  "use strict";
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("jobhub.theme");
  } catch (error) {
    chosen = null; // storage is forbidden: the system decides
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = chosen === "light" || chosen === "dark" ? chosen : dark ? "dark" : "light";
  document.documentElement.setAttribute("data-bs-theme", theme);
})();
