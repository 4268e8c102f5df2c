// Elements without HTML strings: text from jobs becomes text nodes and can never become markup.
(function () {
  "use strict";

  // element("button", {class: "button", onclick: run, title: id}, ["Cancel"]); null children are left out.
  function element(tag, attributes, children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...[].concat(children === undefined ? [] : children).filter((child) => child !== null));
    return made;
  }

  // Write only what differs: an unchanged text node keeps selection, and costs no layout.
  function setText(node, text) {
    if (node && node.textContent !== text) node.textContent = text;
  }

  function setAttribute(node, name, value) {
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  }

  // A class name or style that is written again costs a new computation of styles, even when it is the same.
  function setClass(node, name) {
    if (node.className !== name) node.className = name;
  }

  function setScale(node, share) {
    const transform = "scaleX(" + share.toFixed(3) + ")";
    if (node.dataset.scale === transform) return;
    node.dataset.scale = transform;
    node.style.transform = transform;
  }

  function setHidden(node, hidden) {
    if (node.hidden !== hidden) node.hidden = hidden;
  }

  // Keep one element a key, in the order of `items`: make(item) builds it once, update(node, item) every time.
  function reconcile(parent, items, keyOf, make, update) {
    const known = new Map();
    for (const node of parent.children) known.set(node.dataset.key, node);
    let place = parent.firstElementChild;
    for (const item of items) {
      const key = String(keyOf(item));
      let node = known.get(key);
      if (node) {
        known.delete(key);
      } else {
        node = make(item);
        node.dataset.key = key;
      }
      update(node, item);
      if (node === place) place = place.nextElementSibling;
      else parent.insertBefore(node, place);
    }
    for (const node of known.values()) node.remove();
  }

  // Say why a list is empty, or nothing while it is not. Without any state, "empty" would be a guess.
  function showEmpty(node, isEmpty) {
    if (!node.dataset.text) node.dataset.text = node.textContent;
    setHidden(node, !isEmpty);
    setText(node, window.jobhub.clock.isKnown() ? node.dataset.text : "No data yet");
  }

  // The part of a widget that its Python layout named data-part="NAME".
  function part(root, name) {
    return root.querySelector('[data-part="' + name + '"]');
  }

  window.jobhub.dom = { element, setText, setAttribute, setClass, setScale, setHidden, reconcile, showEmpty, part };
})();
