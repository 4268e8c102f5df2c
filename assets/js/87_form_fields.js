// Fields of a form: a label, a control, one line of help, and an error that names what to change.
//
// A field has name, element, control, read() (undefined: leave it to the hub), and say(error).
(function () {
  "use strict";
  const { dom } = window.jobhub;
  const { element, setText } = dom;
  let number = 0;

  function frame(name, label, control, hint, read) {
    const id = "field-" + ++number;
    control.id = id;
    const help = element("span", { class: "field-hint", id: id + "-hint" }, [hint || ""]);
    const error = element("span", { class: "field-error", id: id + "-error", role: "status" });
    control.setAttribute("aria-describedby", help.id + " " + error.id);
    const root = element("div", { class: "field field-" + name.replaceAll(".", "-") }, [
      element("label", { for: id, class: "field-label" }, [label]),
      control,
      help,
      error,
    ]);
    const field = {
      name,
      root,
      control,
      read,
      say(sentence) {
        setText(error, sentence || "");
        if (sentence) control.setAttribute("aria-invalid", "true");
        else control.removeAttribute("aria-invalid");
      },
      get error() {
        return error.textContent;
      },
    };
    control.addEventListener("input", () => field.say(""));
    return field;
  }

  function text(name, label, hint, attributes = {}) {
    const control = element("input", { type: "text", class: "input", autocomplete: "off", spellcheck: "false", maxlength: 200, ...attributes });
    return frame(name, label, control, hint, () => control.value.trim() || undefined);
  }

  // Bounds are the hub's: it says so where one is passed.
  function numeric(name, label, hint, attributes = {}) {
    const control = element("input", { type: "number", class: "input", step: "any", ...attributes });
    return frame(name, label, control, hint, () => {
      if (control.validity.badInput) throw new Error("Give a number");
      return control.value === "" ? undefined : Number(control.value);
    });
  }

  function select(name, label, hint, choices) {
    const control = element("select", { class: "select" }, choices.map(([value, word]) => element("option", { value }, [word])));
    return frame(name, label, control, hint, () => control.value || undefined);
  }

  // JSON, checked while it is typed. read() gives the text: numbers stay as they are written.
  function json(name, label, hint, { rows, value, check }) {
    const control = element("textarea", { class: "input field-json", rows, spellcheck: "false", autocomplete: "off", dir: "ltr" });
    control.value = value;
    const look = () => window.jobhub.json.problem(control.value) || (check ? check(control.value) : null);
    const field = frame(name, label, control, hint, () => {
      const problem = look();
      if (problem) throw new Error(problem);
      return control.value;
    });
    control.addEventListener("input", () => field.say(look()));
    return field;
  }

  // Read every field into [name, value] pairs; the first that cannot be read says why and takes the focus.
  function readAll(fields) {
    const pairs = [];
    let wrong = null;
    for (const field of fields) {
      try {
        const value = field.read();
        if (value !== undefined) pairs.push([field.name, value]);
      } catch (error) {
        field.say(error.message);
        wrong = wrong || field;
      }
    }
    if (wrong) show(wrong);
    return wrong ? null : pairs;
  }

  // Take the person to a field, wherever it is folded away.
  function show(field) {
    const folded = field.root.closest("details");
    if (folded) folded.open = true;
    field.control.focus();
  }

  // Put the hub's problem at the field that it names; false when no field has that name.
  function place(fields, { field: name, message }) {
    const path = name || "";
    const named = (field) => path === field.name || path.startsWith(field.name + ".") || path.startsWith(field.name + "[");
    const found = fields.filter(named).sort((a, b) => b.name.length - a.name.length)[0];
    if (!found) return false;
    found.say(path === found.name ? message : path + ": " + message);
    show(found);
    return true;
  }

  window.jobhub.fields = { text, numeric, select, json, readAll, place, show };
})();
