// How figures and times are written. Pure: every function gives text for a value.
//
// Times are Unix milliseconds of the hub's clock; jobhub.clock.now() is that clock as well as we know it.
(function () {
  "use strict";
  const DASH = "–"; // there is no value
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const HOUR = 60 * MINUTE;
  const DAY = 24 * HOUR;

  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const minuteClock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
  const exactTime = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "long",
  });

  // 1,204 and, from a million on, 1.2M.
  function count(value) {
    if (value === null || value === undefined) return DASH;
    return Math.abs(value) < 1e6 ? whole.format(value) : compact.format(value);
  }

  // Three significant figures at most, for rates: 0.4, 6.3, 128, 1,204.
  function rate(value) {
    if (value === null || value === undefined) return DASH;
    if (value === 0) return "0";
    if (value < 0.1) return value.toFixed(2);
    return value < 100 ? value.toFixed(1) : count(value);
  }

  // A share of 1 as percent: 0, 0.4, 12, 100.
  function percent(share) {
    if (share === null || share === undefined) return DASH;
    const value = share * 100;
    if (value === 0 || value >= 10) return Math.round(value).toString();
    return value < 0.1 ? "<0.1" : value.toFixed(1);
  }

  // [number, unit] of a span: ["8", "ms"], ["1.2", "s"], ["3:20", "min"].
  function spanParts(ms) {
    if (ms === null || ms === undefined) return [DASH, ""];
    if (ms < SECOND) return [ms < 10 && !Number.isInteger(ms) ? ms.toFixed(1) : Math.round(ms).toString(), "ms"];
    if (ms < 10 * SECOND) return [(ms / SECOND).toFixed(1), "s"];
    if (ms < MINUTE) return [Math.round(ms / SECOND).toString(), "s"];
    if (ms < HOUR) return [pair(ms, MINUTE, SECOND), "min"];
    if (ms < DAY) return [pair(ms, HOUR, MINUTE), "h"];
    return [(ms / DAY).toFixed(1), "d"];
  }

  function pair(ms, large, small) {
    const left = Math.floor((ms % large) / small);
    return Math.floor(ms / large) + ":" + left.toString().padStart(2, "0");
  }

  // 8 ms, 1.2 s, 3:20 min.
  function span(ms) {
    const [number, unit] = spanParts(ms);
    return unit ? number + " " + unit : number;
  }

  // How long ago, in whole units that do not twitch: 4 s, 3 min, 2 h, 5 d.
  function age(ms) {
    if (ms === null || ms === undefined) return DASH;
    const known = Math.max(0, ms);
    if (known < MINUTE) return Math.floor(known / SECOND) + " s";
    if (known < HOUR) return Math.floor(known / MINUTE) + " min";
    if (known < DAY) return Math.floor(known / HOUR) + " h";
    return Math.floor(known / DAY) + " d";
  }

  // 12:03:10, with the day where it is another one.
  function time(at, now) {
    if (at === null || at === undefined) return DASH;
    const text = clock.format(at);
    return now !== undefined && day.format(now) !== day.format(at) ? day.format(at) + " " + text : text;
  }

  // For axes: 12:03:10 or 12:03.
  function axisTime(at, withSeconds) {
    return (withSeconds ? clock : minuteClock).format(at);
  }

  // With date and time zone, for titles.
  function exact(at) {
    return at === null || at === undefined ? "" : exactTime.format(at);
  }

  function plural(number, one, many) {
    return count(number) + " " + (number === 1 ? one : many || one + "s");
  }

  // The head of an id, enough to tell rows apart; the whole one belongs into a title.
  function shortId(id) {
    return id.length > 10 ? id.slice(0, 8) : id;
  }

  window.jobhub.format = {
    DASH, count, rate, percent, span, spanParts, age, time, axisTime, exact, plural, shortId,
  };
})();
