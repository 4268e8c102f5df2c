// Printing: a page of figures takes the layout of a wide screen, whatever the screen is, in the light theme, and
// as small as fits on one sheet. Its charts draw for that layout at once (80_figure.js): the paper is next.
(function () {
  "use strict";
  const SHEET_PX = { width: 733, height: 1055 }; // A4 less its margins, in CSS pixels

  const pageOfFigures = () => document.querySelector(".analytics");

  window.addEventListener("beforeprint", () => {
    const page = pageOfFigures();
    if (!page) return;
    page.classList.add("on-paper");
    const { width, height } = page.getBoundingClientRect();
    const zoom = Math.min(SHEET_PX.width / width, SHEET_PX.height / height);
    page.style.setProperty("--print-zoom", zoom.toFixed(3));
    window.jobhub.theme.print(true);
  });
  window.addEventListener("afterprint", () => {
    const page = pageOfFigures();
    if (page) page.classList.remove("on-paper");
    window.jobhub.theme.print(false);
  });
})();
