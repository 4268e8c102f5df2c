// The Widget component: hands its element to the widget's code for as long as React keeps it mounted.
(function () {
  "use strict";
  const kinds = new Map();

  // Register the code of a kind: mount(element, options) -> unmount().
  window.jobhub.widget = function (kind, mount) {
    kinds.set(kind, mount);
  };

  window.jobhub.Widget = function Widget(props) {
    const React = window.React;
    const element = React.useRef(null);
    const options = JSON.stringify(props.options || {});
    React.useEffect(
      function () {
        const mount = kinds.get(props.kind);
        if (!mount) throw new Error("no widget of the kind " + props.kind);
        return mount(element.current, JSON.parse(options));
      },
      [props.kind, options]
    );
    return React.createElement(
      "div",
      {
        id: props.id,
        ref: element,
        className: props.className,
        role: props.label ? "group" : undefined,
        "aria-label": props.label,
        "data-widget": props.kind,
      },
      props.children
    );
  };
})();
