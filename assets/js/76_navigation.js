// Navigation without a new page: links that widgets draw, and the mark of the page that is on screen.
(function () {
  "use strict";
  const LOCATION = "_pages_location"; // dashboard/ids.py

  // Every plain click on one of our own links stays in the page, so the stream goes on.
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest ? event.target.closest("a.row-link") : null;
    if (!link) return;
    event.preventDefault();
    go(new URL(link.href).pathname + new URL(link.href).search);
  });

  function go(href) {
    const url = new URL(href, window.location.href);
    window.dash_clientside.set_props(LOCATION, { pathname: url.pathname, search: url.search });
  }

  function mark(path) {
    for (const link of document.querySelectorAll("#navigation a")) {
      const own = new URL(link.href).pathname;
      const here = own === "/" ? path === "/" : path === own || path.startsWith(own + "/");
      if (here) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  window.jobhub.navigation = { go };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.jobhub_navigation = {
    moved(path) {
      mark(path);
      return path;
    },
  };
})();
