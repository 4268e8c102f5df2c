// What came of a submission of several: a line each, with a link or the error.
(function () {
  "use strict";
  const { dom, format } = window.jobhub;
  const { element } = dom;
  const SHOWN = 200;

  function jobLink(job) {
    const link = element("a", { class: "row-link mono" }, [job.job_id]);
    link.href = "/jobs/" + encodeURIComponent(job.job_id);
    return link;
  }

  function line(number, children, tone, word) {
    return element("li", { class: "outcome" }, [
      element("span", { class: "faint outcome-number" }, [String(number)]),
      element("span", { class: "pill tone-" + tone }, [word]),
      element("span", { class: "outcome-text" }, children),
    ]);
  }

  // results: of POST /jobs/batch. nameOf(index): what the person calls the item.
  function results(place, { results: items }, nameOf) {
    const made = items.slice(0, SHOWN).map((item, index) => {
      if (item.error) return line(nameOf(index), [sentence(item.error)], "rose", "Refused");
      const word = item.created === false ? "There already" : "Submitted";
      return line(nameOf(index), [jobLink(item.job), " " + item.job.job_type], item.created === false ? "amber" : "green", word);
    });
    const refused = items.filter((item) => item.error).length;
    const taken = format.plural(items.length - refused, "job") + " submitted";
    show(place, refused ? taken + ", " + refused + " refused" : taken, made, items.length);
  }

  // items: [{index, message, field}], of a batch that was refused as a whole.
  function refusals(place, { message, items }, nameOf) {
    const made = items.slice(0, SHOWN).map((item) => line(nameOf(item.index), [sentence(item)], "rose", "Refused"));
    show(place, message, made, items.length);
  }

  function show(place, title, lines, count) {
    if (count > lines.length) lines.push(element("li", { class: "outcome muted" }, ["and " + (count - lines.length) + " more"]));
    place.replaceChildren(
      element("p", { class: "outcome-title", role: "status" }, [title]),
      element("ol", { class: "outcomes" }, lines),
    );
  }

  function sentence({ field, message }) {
    return (field ? field + ": " : "") + message;
  }

  window.jobhub.submitted = { results, refusals, jobLink, sentence };
})();
