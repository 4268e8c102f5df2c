// What AG Grid needs of us: its theme, the order of its rows, and the cells that are more than text.
//
// Cells are plain classes: mounted for every row that comes, React components took most of the page's time.
// Text from jobs becomes text nodes. Functions are looked up by name (dashboard/components/job_grid.py);
// there is no code in strings.
(function () {
  "use strict";
  const { dom, format, clock, compareJobs } = window.jobhub;
  const { element, setText, setAttribute } = dom;
  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});

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

  // Tab goes from the headings to the first row, and from the rows to what stands behind the table.
  functions.jobhubTabFromCell = () => false;
  functions.jobhubTabFromHeading = ({ backwards, previousHeaderPosition: from }) =>
    backwards || !from ? false : { headerRowIndex: -1, column: from.column };

  // A selector for a column: `make(params)` builds a cell's element, `update(element, params)` writes what
  // differs. AG Grid takes a class with getGui for one that needs no React.
  function cell(make, update) {
    const component = class {
      init(params) {
        this.element = make(params);
        update(this.element, params);
      }

      getGui() {
        return this.element;
      }

      refresh(params) {
        update(this.element, params);
        return true;
      }
    };
    return () => ({ component });
  }

  functions.jobhubJobId = cell(
    ({ href }) => {
      const id = element("span", { class: "mono" });
      return href ? element("a", { class: "row-link" }, [id]) : id;
    },
    (root, { value, href }) => {
      if (href) setAttribute(root, "href", href + encodeURIComponent(value));
      setAttribute(root, "title", value);
      setText(href ? root.firstChild : root, format.shortId(value));
    },
  );

  functions.jobhubStatus = cell(
    () => element("span"),
    (root, { value }) => {
      dom.setClass(root, "pill tone-" + window.jobhub.words.tone(value));
      setText(root, window.jobhub.words.word(value));
    },
  );

  functions.jobhubProgress = cell(
    () =>
      element("div", { class: "progress-cell" }, [
        element("div", { class: "progress-track", role: "progressbar", "aria-label": "Progress" }, [
          element("div", { class: "progress-fill" }),
        ]),
        element("span", { class: "progress-number" }),
      ]),
    (root, { data }) => {
      const progress = data.progress || { percent: 0 };
      const percent = Math.max(0, Math.min(100, progress.percent || 0));
      const about = [progress.message, progress.eta_ms ? format.span(progress.eta_ms) + " left" : null];
      setAttribute(root, "title", about.filter(Boolean).join(" · "));
      setAttribute(root.firstChild, "aria-valuenow", String(Math.round(percent)));
      dom.setScale(root.firstChild.firstChild, percent / 100);
      setText(root.lastChild, Math.round(percent) + "%");
    },
  );

  functions.jobhubError = cell(
    () => element("span", { class: "error-cell" }, [element("strong"), element("span", { class: "muted" })]),
    (root, { data }) => {
      const { type = format.DASH, message = "", reason = "" } = data.error || {};
      setAttribute(root, "title", data.error ? [type, message, reason].filter(Boolean).join(" · ") : "");
      dom.setClass(root.firstChild, data.error ? "" : "faint");
      setText(root.firstChild, type);
      setText(root.lastChild, message ? " " + message : "");
    },
  );

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
})();
