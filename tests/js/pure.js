// Loads scripts that need no page: what they register hangs on the returned jobhub.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const SCRIPTS = path.join(__dirname, "..", "..", "assets", "js");

// names: numbers of the files, in order. given: what others would have put on jobhub before.
function load(names, given = {}) {
  const window = { jobhub: { ...given }, matchMedia: () => ({ matches: false }) };
  const context = vm.createContext({ window, Intl, Date, console, URLSearchParams, AbortController });
  for (const name of names) {
    const file = fs.readdirSync(SCRIPTS).find((each) => each.startsWith(name));
    vm.runInContext(fs.readFileSync(path.join(SCRIPTS, file), "utf8"), context, { filename: file });
  }
  return window.jobhub;
}

module.exports = { load };
