// What AG Grid needs of us: its theme, the order of its rows, and the cells that are more than text.
//
// Cells are React elements, so text from jobs is text. Functions are looked up by name
// (dashboard/components/job_grid.py); there is no code in strings.
(function () {
  "use strict";
  const { format, clock, compareJobs } = window.jobhub;
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const h = window.React.createElement;

  functions.jobhubTheme = (base) =>
    base.withParams({
      accentColor: "var(--accent)",
      backgroundColor: "var(--surface)",
      foregroundColor: "var(--text)",
      borderColor: "var(--border)",
      browserColorScheme: "inherit",
      cellHorizontalPadding: 12,
      checkboxUncheckedBorderColor: "var(--border-strong)",
      fontFamily: "inherit",
      fontSize: 13.5,
      headerBackgroundColor: "var(--sunken)",
      headerColumnResizeHandleColor: "transparent",
      headerFontSize: 12.5,
      headerFontWeight: 600,
      headerTextColor: "var(--muted)",
      rowHoverColor: "var(--hover)",
      selectedRowBackgroundColor: "var(--selected)",
      wrapperBorder: false,
      wrapperBorderRadius: 0,
    });

  // The hub's order, unless the person sorts.
  for (const [name, compare] of Object.entries(compareJobs)) {
    functions["jobhubOrder_" + name] = ({ api, nodes }) => {
      if (api.getColumnState().some((column) => column.sort)) return;
      nodes.sort((a, b) => compare(a.data, b.data));
    };
  }

  cells.JobId = ({ value, href }) => {
    const text = h("span", { className: "mono", title: value }, format.shortId(value));
    return href ? h("a", { href: href + encodeURIComponent(value), className: "row-link" }, text) : text;
  };

  cells.StatusPill = ({ value }) =>
    h("span", { className: "pill tone-" + window.jobhub.words.tone(value) }, window.jobhub.words.word(value));

  cells.Progress = ({ data }) => {
    const progress = data.progress || { percent: 0 };
    const percent = Math.max(0, Math.min(100, progress.percent || 0));
    const about = [progress.message, progress.eta_ms ? format.span(progress.eta_ms) + " left" : null];
    return h(
      "div",
      { className: "progress-cell", title: about.filter(Boolean).join(" · ") },
      h(
        "div",
        {
          className: "progress-track",
          role: "progressbar",
          "aria-valuenow": Math.round(percent),
          "aria-valuemin": 0,
          "aria-valuemax": 100,
          "aria-label": "Progress",
        },
        h("div", { className: "progress-fill", style: { transform: "scaleX(" + percent / 100 + ")" } }),
      ),
      h("span", { className: "progress-number" }, Math.round(percent) + "%"),
    );
  };

  // Plain text, for what changes or comes and goes often.
  functions.jobhubAttempt = ({ data }) => (data.attempt || 1) + (data.max_attempts ? " of " + data.max_attempts : "");
  functions.jobhubAge = ({ value }) => (value ? format.age(clock.now() - value) : format.DASH);
  functions.jobhubSpan = ({ value }) => format.span(value);
  functions.jobhubMoment = ({ value }) => format.time(value, clock.now());
  functions.jobhubExact = ({ value }) => format.exact(value);
  functions.jobhubUntil = ({ value }) => {
    if (!value) return format.DASH;
    const left = value - clock.now();
    return left > 0 ? "in " + format.age(left) : "due";
  };

  cells.JobError = ({ data }) => {
    if (!data.error) return h("span", { className: "faint" }, format.DASH);
    const { type, message, reason } = data.error;
    return h(
      "span",
      { className: "error-cell", title: [type, message, reason].filter(Boolean).join(" · ") },
      h("strong", null, type),
      message ? h("span", { className: "muted" }, " " + message) : null,
    );
  };
})();
