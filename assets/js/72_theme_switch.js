// The theme switch of the bar: system, light, dark.
(function () {
  "use strict";
  const { dom, theme } = window.jobhub;
  const LABELS = { system: "System theme", light: "Light theme", dark: "Dark theme" };
  const ICONS = {
    system: "M3 4h14v9H3zM7 17h6M10 13v4",
    light: "M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M4 16l1.4-1.4M14.6 5.4 16 4",
    dark: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  };
  const SVG = "http://www.w3.org/2000/svg";

  function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    svg.setAttribute("viewBox", "0 0 20 20");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  window.jobhub.widget("theme_switch", (root) => {
    const buttons = theme.CHOICES.map((choice) => {
      const attributes = { class: "segment", type: "button", title: LABELS[choice], "aria-label": LABELS[choice] };
      const button = dom.element("button", attributes, [icon(choice)]);
      button.addEventListener("click", () => {
        theme.choose(choice);
        draw();
      });
      return button;
    });

    function draw() {
      theme.CHOICES.forEach((choice, at) => dom.setAttribute(buttons[at], "aria-pressed", String(choice === theme.choice)));
    }

    const group = dom.element("div", { class: "segments" }, buttons);
    root.replaceChildren(group);
    draw();
    const end = theme.onChange(draw);
    return () => {
      end();
      group.remove();
    };
  });
})();
