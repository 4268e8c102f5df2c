// The Widget component (dashboard/components/widget.py): hands its element to the widget's code for as
// long as React keeps it mounted.
(function () {
  "use strict";
  const { createElement, useEffect, useRef } = window.React;
  const kinds = new Map();

  // Register the code of a kind: mount(element, options) -> unmount().
  window.jobhub.widget = function (kind, mount) {
    kinds.set(kind, mount);
  };

  function Widget(props) {
    const element = useRef(null);
    const options = JSON.stringify(props.options || {});
    useEffect(() => {
      const mount = kinds.get(props.kind);
      if (!mount) throw new Error("no widget of the kind " + props.kind);
      return mount(element.current, JSON.parse(options));
    }, [props.kind, options]);
    const attributes = { id: props.id, ref: element, className: props.className, "data-widget": props.kind };
    if (props.role) Object.assign(attributes, { role: props.role, "aria-label": props.label });
    return createElement("div", attributes, props.children);
  }

  window.jobhub_components = window.jobhub_components || {};
  window.jobhub_components.Widget = Widget;
})();
