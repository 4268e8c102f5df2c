// The words and tones of states, as dashboard/components/pill.py has them.
(function () {
  "use strict";
  const { element } = window.jobhub.dom;
  let tones = {};

  window.jobhub.widget("words", (root, options) => {
    tones = options.tones;
    return () => {};
  });

  function word(status) {
    return tones[status] ? tones[status][0] : status;
  }

  function tone(status) {
    return tones[status] ? tones[status][1] : "grey";
  }

  function pill(status) {
    return element("span", { class: "pill tone-" + tone(status) }, [word(status)]);
  }

  window.jobhub.words = { word, tone, pill };
})();
