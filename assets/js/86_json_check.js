// Finds the first thing that is wrong with a JSON text, and where: line and column from 1.
//
// As strict as the hub: a key given twice and nesting over 32 levels are errors too. Browsers word their
// own errors differently, and half of them name no place.
(function () {
  "use strict";
  const DEPTH = 32; // hub/limits.py
  const SPACE = /[ \t\n\r]*/y;
  const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
  const WORDS = ["true", "false", "null"];

  class Fault extends Error {
    constructor(at, message) {
      super(message);
      this.at = at;
    }
  }

  class Reader {
    constructor(text) {
      Object.assign(this, { text, at: 0, items: [] });
    }

    space() {
      this.match(SPACE);
    }

    match(pattern) {
      pattern.lastIndex = this.at;
      const found = pattern.exec(this.text);
      if (found) this.at = pattern.lastIndex;
      return found ? found[0] : null;
    }

    fail(message, at = this.at) {
      throw new Fault(at, message);
    }

    whole() {
      this.space();
      if (this.at === this.text.length) this.fail("There is nothing here");
      this.value(0);
      this.space();
      if (this.at < this.text.length) this.fail("Nothing may follow the value, but here is " + this.here());
    }

    value(depth) {
      const sign = this.text[this.at];
      if (sign === "{") return this.object(depth + 1);
      if (sign === "[") return this.array(depth + 1);
      if (sign === '"') return this.string();
      const word = WORDS.find((known) => this.text.startsWith(known, this.at));
      if (word) return (this.at += word.length);
      if (this.match(NUMBER) === null) this.fail("Expected a value, found " + this.here());
      return undefined;
    }

    object(depth) {
      this.enter(depth);
      const keys = new Set();
      const opened = this.at++;
      this.space();
      if (this.take("}")) return;
      for (;;) {
        this.space();
        const from = this.at;
        if (this.text[from] !== '"') this.fail("Expected a key in double quotes, found " + this.here());
        const key = this.string();
        if (keys.has(key)) this.fail("The key " + key + " is given twice", from);
        keys.add(key);
        this.space();
        if (!this.take(":")) this.fail("Expected : after the key, found " + this.here());
        this.space();
        this.value(depth);
        if (this.ends("}", opened)) return;
      }
    }

    array(depth) {
      this.enter(depth);
      const opened = this.at++;
      this.space();
      if (this.take("]")) return;
      for (;;) {
        this.space();
        if (depth === 1) this.items.push(this.at);
        this.value(depth);
        if (this.ends("]", opened)) return;
      }
    }

    enter(depth) {
      if (depth > DEPTH) this.fail("Nested deeper than " + DEPTH + " levels");
    }

    ends(closing, opened) {
      this.space();
      if (this.take(closing)) return true;
      if (this.at === this.text.length) this.fail("The " + this.text[opened] + " is never closed", opened);
      if (!this.take(",")) this.fail("Expected , or " + closing + ", found " + this.here());
      return false;
    }

    take(sign) {
      if (this.text[this.at] !== sign) return false;
      this.at++;
      return true;
    }

    // Returns the string as it is written, quotes included.
    string() {
      const from = this.at;
      const found = this.match(STRING);
      if (found === null) this.fail("This string is not closed, or holds a line break or a wrong escape", from);
      return found;
    }

    here() {
      if (this.at >= this.text.length) return "the end";
      return String.fromCodePoint(this.text.codePointAt(this.at));
    }
  }

  function placeOf(text, at) {
    const before = text.slice(0, at).split("\n");
    return { line: before.length, column: [...before[before.length - 1]].length + 1 };
  }

  // {ok: true, lines: [line of each item of an outermost array]} or {ok: false, message, line, column}.
  function check(text) {
    const reader = new Reader(text);
    try {
      reader.whole();
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return { ok: false, message: fault.message, ...placeOf(text, fault.at) };
    }
    return { ok: true, lines: reader.items.map((at) => placeOf(text, at).line) };
  }

  // "Line 2, column 5: ..." or null.
  function problem(text) {
    const { ok, message, line, column } = check(text);
    return ok ? null : "Line " + line + ", column " + column + ": " + message;
  }

  window.jobhub.json = { check, problem };
})();
