// Everything of Jobhub in the page hangs on this one name; files that sort after this one add to it.
(function () {
  "use strict";
  window.jobhub = window.jobhub || {};
})();
