// The Still component (dashboard/components/still.py): a part of a page that no callback touches, as data
// of which React makes elements and widgets.
(function () {
  "use strict";
  const { createElement } = window.React;
  const components = window.jobhub_components;

  // node: text, a number, or {tag | widget, props, children}.
  function made(node) {
    if (node === null || typeof node !== "object") return node;
    return createElement(node.tag || components[node.widget], node.props, ...node.children.map(made));
  }

  components.Still = function (props) {
    return made(props.tree);
  };
})();
