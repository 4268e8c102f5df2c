// One search over the kept jobs, a page at a time. Pure but for `ask`.
//
// The hub may answer with a short page and a cursor rather than read on for ever; so a page is gathered
// from several answers, and after some thousand records without enough matches the person decides.
(function () {
  "use strict";
  const PAGE = 100; // rows
  const ANSWERS_A_PAGE = 20; // of at most 2,000 records each

  class JobSearch {
    // ask(query text, signal) -> {jobs, cursor}; changed(search) is told of every step.
    constructor(ask, changed) {
      Object.assign(this, { ask, changed, starts: [null], running: null });
      Object.assign(this, { query: {}, rows: [], cursor: null, loading: false, unfinished: false, error: null });
    }

    open(query) {
      this.query = query;
      this.starts = [null];
      return this.load();
    }

    get page() {
      return this.starts.length;
    }

    get hasNext() {
      return this.cursor !== null && !this.loading && !this.unfinished;
    }

    next() {
      if (!this.hasNext) return null;
      this.starts.push(this.cursor);
      return this.load();
    }

    previous() {
      if (this.page < 2) return null;
      this.starts.pop();
      return this.load();
    }

    reload() {
      return this.load();
    }

    // Go on where the search paused.
    further() {
      return this.gather(this.rows, this.cursor);
    }

    load() {
      return this.gather([], this.starts[this.starts.length - 1]);
    }

    // Until this ends, the rows on screen stay those of before; only a newer search ends it early.
    async gather(rows, cursor) {
      this.stop();
      const running = (this.running = new AbortController());
      this.tell({ loading: true, error: null });
      try {
        let found = rows;
        for (let answers = 1; ; answers++) {
          const page = await this.ask(this.queryText(cursor, PAGE - found.length), running.signal);
          if (this.running !== running) return;
          found = found.concat(page.jobs);
          cursor = page.cursor;
          const ended = cursor === null || found.length >= PAGE;
          const loading = !ended && answers < ANSWERS_A_PAGE;
          this.tell({ rows: found, cursor, loading, unfinished: !ended && !loading });
          if (!loading) return;
        }
      } catch (error) {
        if (this.running === running && error.name !== "AbortError") {
          this.tell({ rows: [], cursor: null, loading: false, unfinished: false, error });
        }
      }
    }

    queryText(cursor, limit) {
      const text = window.jobhub.jobQuery.write(this.query);
      const place = cursor === null ? "" : "&cursor=" + encodeURIComponent(cursor);
      return (text || "?") + (text ? "&" : "") + "limit=" + limit + place;
    }

    stop() {
      if (this.running) this.running.abort();
      this.running = null;
    }

    tell(values) {
      Object.assign(this, values);
      this.changed(this);
    }
  }

  window.jobhub.JobSearch = JobSearch;
})();
