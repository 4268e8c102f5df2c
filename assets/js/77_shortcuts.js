// Keyboard shortcuts, and the overlay that lists them. They rest while a person types or a dialog is open,
// and can be turned off (WCAG 2.1.4: speech input would trigger single keys by accident).
(function () {
  "use strict";
  const { dom, theme, view } = window.jobhub;
  const { element } = dom;
  const KEY = "jobhub.shortcuts";
  const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable=true]";

  // Where a page lacks the button or field, the key does nothing.
  const press = (selector) => () => {
    const found = document.querySelector(selector);
    if (found && !found.hidden) found.click();
  };
  const focus = (selector) => () => {
    const found = document.querySelector(selector);
    if (found) found.focus();
  };

  const SHORTCUTS = [
    { keys: ["?"], text: "Show this list", run: () => show() },
    { keys: ["/"], text: "Search, or filter the table", run: focus("#page input[type=search]") },
    { keys: ["p"], text: "Pause the view, or resume it", run: press('.page-head [data-part="pause"]') },
    { keys: ["1", "2", "3", "4"], text: "Look back 1, 5, 15 or 60 minutes", run: (key) => look(Number(key)) },
    { keys: ["b"], text: "Split the charts: all, by job type, by worker", run: () => splitNext() },
    { keys: ["z"], text: "Reset the zoom of the charts", run: () => view.setZoom(null) },
    { keys: ["c"], text: "Connect", run: press('.connection [data-part="connect"]') },
    { keys: ["t"], text: "Switch between light and dark", run: () => switchTheme() },
    ...Object.entries({ l: "Live", j: "Jobs", w: "Workers", a: "Analytics", s: "Submit", u: "Audit" }).map(([key, page]) => ({
      keys: ["g", key],
      sequence: true,
      text: "Go to " + page,
      run: () => goTo(page),
    })),
  ];
  const SEQUENCE_MS = 1500; // between the keys of one

  // The bar's own link: a page that is not there cannot be gone to.
  function goTo(page) {
    for (const link of document.querySelectorAll("#navigation a")) if (link.textContent === page) link.click();
  }

  function look(number) {
    if (document.querySelector("[data-window]")) view.setWindow(view.WINDOWS_S[number - 1]);
  }

  function splitNext() {
    const next = view.SPLITS[(view.SPLITS.indexOf(view.settings.split) + 1) % view.SPLITS.length];
    if (document.querySelector("[data-split]")) view.setSplit(next);
  }

  function switchTheme() {
    const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    theme.choose(dark ? "light" : "dark");
  }

  let enabled = readEnabled();

  function readEnabled() {
    try {
      return window.localStorage.getItem(KEY) !== "off";
    } catch (error) {
      return true; // storage is forbidden
    }
  }

  function setEnabled(value) {
    enabled = value;
    try {
      window.localStorage.setItem(KEY, value ? "on" : "off");
    } catch (error) {
      enabled = value; // lasts as long as the page
    }
  }

  function show() {
    if (document.querySelector("dialog[open]")) return;
    const rows = SHORTCUTS.map(({ keys, text }) =>
      element("li", { class: "shortcut" }, [
        element("span", {}, [text]),
        element("span", { class: "shortcut-keys" }, keys.map((key) => element("kbd", {}, [key]))),
      ]),
    );
    const box = element("input", { type: "checkbox", id: "shortcuts-enabled" });
    box.checked = enabled;
    box.addEventListener("change", () => setEnabled(box.checked));
    const close = element("button", { class: "button", type: "button", autofocus: true }, ["Close"]);
    const dialog = element("dialog", { class: "dialog", "aria-labelledby": "shortcuts-title" }, [
      element("h2", { id: "shortcuts-title", class: "dialog-title" }, ["Keyboard shortcuts"]),
      element("ul", { class: "shortcuts" }, rows),
      element("div", { class: "dialog-buttons" }, [
        element("label", { class: "shortcuts-switch" }, [box, "Shortcuts are on"]),
        close,
      ]),
    ]);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  let begun = null; // the first key of a sequence, and until when it counts

  function match(key) {
    const first = begun && performance.now() < begun.until ? begun.key : null;
    begun = null;
    if (first) return SHORTCUTS.find(({ keys, sequence }) => sequence && keys[0] === first && keys[1] === key);
    const starts = SHORTCUTS.some(({ keys, sequence }) => sequence && keys[0] === key);
    if (starts) begun = { key, until: performance.now() + SEQUENCE_MS };
    return SHORTCUTS.find(({ keys, sequence }) => !sequence && keys.includes(key));
  }

  document.addEventListener("keydown", (event) => {
    if (!enabled || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]") || event.target.closest(TYPING)) return;
    const found = match(event.key);
    if (!found) return;
    event.preventDefault();
    found.run(event.key);
  });

  window.jobhub.widget("help_button", (root) => {
    const button = element("button", { class: "button button-quiet", type: "button", title: "Keyboard shortcuts" }, ["?"]);
    button.setAttribute("aria-label", "Keyboard shortcuts");
    button.addEventListener("click", show);
    root.replaceChildren(button);
    return () => button.remove();
  });
})();
