// Builds requirements: one row a condition, "must" or "must not", a key of the capabilities, a value.
(function () {
  "use strict";
  const { dom, json } = window.jobhub;
  const { element } = dom;
  const KINDS = [
    ["must", "must have"],
    ["must_not", "must not have"],
  ];

  // 24, true and ["h264"] are JSON; anything else is text.
  function valueOf(text) {
    const written = text.trim();
    return written && json.check(written).ok ? JSON.parse(written) : written;
  }

  function create({ keysId, changed }) {
    const rows = element("div", { class: "requirement-rows" });
    const add = element("button", { class: "button button-small", type: "button" }, ["Add a requirement"]);
    const error = element("span", { class: "field-error", role: "status" });
    const root = element("fieldset", { class: "field requirements" }, [
      element("legend", { class: "field-label" }, ["Requirements"]),
      rows,
      add,
      element("span", { class: "field-hint" }, ["A number asks for at least as much; a list for all of it. 24, true and [\"h264\"] are JSON, all else is text."]),
      error,
    ]);

    function addRow(kind = "must", key = "", value = "") {
      const at = rows.children.length + 1;
      const label = (what) => what + " of requirement " + at;
      const select = element("select", { class: "select", "aria-label": label("Kind") }, KINDS.map(([name, word]) => element("option", { value: name }, [word])));
      const keyInput = element("input", { class: "input", type: "text", list: keysId, placeholder: "capability", maxlength: 200, autocomplete: "off", spellcheck: "false", "aria-label": label("Key") });
      const valueInput = element("input", { class: "input", type: "text", placeholder: "value", maxlength: 1000, autocomplete: "off", spellcheck: "false", "aria-label": label("Value") });
      Object.assign(keyInput, { value: key });
      Object.assign(valueInput, { value });
      select.value = kind;
      const remove = element("button", { class: "button button-small button-quiet", type: "button", "aria-label": "Remove requirement " + at }, ["Remove"]);
      const row = element("div", { class: "requirement" }, [select, keyInput, valueInput, remove]);
      remove.addEventListener("click", () => {
        row.remove();
        add.focus();
        said();
      });
      rows.append(row);
      return keyInput;
    }

    function said() {
      field.say("");
      changed();
    }

    add.addEventListener("click", () => addRow().focus());
    rows.addEventListener("input", said);

    const field = {
      name: "requirements",
      root,
      control: add,
      // {must, must_not} of the rows that have a key; undefined when there is none.
      read() {
        const wanted = {};
        for (const row of rows.children) {
          const [kind, key, value] = [...row.querySelectorAll("select, input")].map((control) => control.value);
          const name = key.trim();
          if (!name) continue;
          if (!value.trim()) throw new Error("Give " + name + " a value");
          wanted[kind] = wanted[kind] || {};
          if (Object.hasOwn(wanted[kind], name)) throw new Error(name + " is given twice");
          wanted[kind][name] = valueOf(value);
        }
        return Object.keys(wanted).length ? wanted : undefined;
      },
      say(sentence) {
        dom.setText(error, sentence || "");
      },
    };
    return field;
  }

  window.jobhub.requirements = { create };
})();
