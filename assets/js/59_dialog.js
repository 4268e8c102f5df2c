// One question with two answers, in the browser's own modal dialog: it holds the focus and Escape means no.
(function () {
  "use strict";
  const { element } = window.jobhub.dom;

  // Returns a promise of whether the person said yes.
  function ask({ title, text, yes, no }) {
    const refuse = element("button", { class: "button", type: "button", autofocus: true }, [no]);
    const accept = element("button", { class: "button button-danger", type: "button" }, [yes]);
    const box = element("dialog", { class: "dialog", "aria-labelledby": "dialog-title" }, [
      element("h2", { id: "dialog-title", class: "dialog-title" }, [title]),
      element("p", { class: "muted" }, [text]),
      element("div", { class: "dialog-buttons" }, [refuse, accept]),
    ]);
    return new Promise((resolve) => {
      accept.addEventListener("click", () => box.close("yes"));
      refuse.addEventListener("click", () => box.close("no"));
      box.addEventListener("close", () => {
        box.remove();
        resolve(box.returnValue === "yes");
      });
      document.body.append(box);
      box.showModal();
    });
  }

  window.jobhub.dialog = { ask };
})();
