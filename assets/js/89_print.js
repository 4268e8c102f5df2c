// Printing: a page of figures keeps the layout of the screen, small enough for one sheet, in the light theme.
// Charts are drawn for the width on screen, so the paper shows that width instead of making them draw again.
(function () {
  "use strict";
  const PAPER_PX = 733; // A4 less its margins, in CSS pixels

  window.addEventListener("beforeprint", () => {
    const page = document.querySelector(".analytics");
    if (!page) return;
    window.jobhub.theme.print(true);
    const width = page.getBoundingClientRect().width;
    page.style.setProperty("--print-width", width + "px");
    page.style.setProperty("--print-zoom", Math.min(1, PAPER_PX / width).toFixed(3));
  });
  window.addEventListener("afterprint", () => window.jobhub.theme.print(false));
})();
