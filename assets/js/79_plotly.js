// Plotly for widgets that draw without a dcc.Graph: the one that Dash serves, 4.8 MB, loaded once and when first needed.
(function () {
  "use strict";
  let loading = null;

  function load() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = window._dashPlotlyJSURL; // Dash 4.4 says so; its own dcc.Graph loads from there, too
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => {
        loading = null;
        reject(new Error("plotly.js did not load"));
      };
      document.head.append(script);
    });
  }

  // Gives Plotly.
  window.jobhub.plotly = function () {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    if (!loading) loading = load();
    return loading;
  };
})();
