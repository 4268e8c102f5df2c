// Navigation without a new page: links that widgets draw, and the mark of the page that is on screen.
(function () {
  "use strict";
  const MOVED = "_dashprivate_pushstate"; // how dcc.Link 4.4 tells that it moved

  // Every plain click on one of our own links stays in the page, so the stream goes on.
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target.closest ? event.target.closest("a.row-link") : null;
    if (!link) return;
    event.preventDefault();
    go(new URL(link.href).pathname + new URL(link.href).search);
  });

  // As dcc.Link does. Setting the props of Dash's location would push its old path once more where a page
  // has written its query with replaceState, of which the location knows nothing.
  function go(href) {
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent(MOVED));
    window.scrollTo(0, 0);
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
