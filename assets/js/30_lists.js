// The lists of jobs on a screen: each sorted as the hub sorts it and at most one window long.
//
// A truncated list is always the head of the true one: what would stand behind its last row is not
// known and so not shown. Memory is bounded: a job outside every window is dropped, unless followed.
(function () {
  "use strict";
  const NAMES = ["pending", "scheduled", "active", "completed", "failed", "cancelled"];
  const WINDOW = 100; // rows, as in hub/limits.py
  const ACTIVE_WINDOW = 500;
  const FULL = 0.9; // of the rows: a hub may leave out the rest for long
  const LIST_OF = { assigned: "active", in_progress: "active" };

  function compareText(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
  }

  function newestFirst(a, b) {
    return b.finished_at - a.finished_at || compareText(b.job_id, a.job_id);
  }

  // The order of Redis: a sorted set breaks ties by member, backwards where it is read backwards.
  const COMPARE = {
    pending: (a, b) =>
      b.priority - a.priority || compareText(a.order_key, b.order_key) || compareText(a.job_id, b.job_id),
    scheduled: (a, b) => a.run_at - b.run_at || compareText(a.job_id, b.job_id),
    active: (a, b) => a.assigned_at - b.assigned_at || compareText(a.job_id, b.job_id),
    completed: newestFirst,
    failed: newestFirst,
    cancelled: newestFirst,
  };

  function matchesJob(filters, job) {
    const range = filters.priority_range;
    return (
      (!filters.job_types || filters.job_types.includes(job.job_type)) &&
      (!filters.worker_ids || filters.worker_ids.includes(job.worker_id)) &&
      (!range || (range[0] <= job.priority && job.priority <= range[1]))
    );
  }

  class JobLists {
    // changes: {row(topic, kind, id)}, told of every row that is added, updated or removed.
    constructor(changes) {
      this.changes = changes;
      this.filters = {};
      this.jobs = new Map();
      this.lists = {};
      for (const name of NAMES) this.lists[name] = { ids: [], truncated: false, filled: 0 };
      this.places = new Map(); // job_id -> name of the list that shows it
      this.followed = new Map(); // job_id -> how many follow it
    }

    // A job has a new record. `status` is null when the hub forgot the job. False: nothing new in it.
    put(job, status) {
      const known = this.jobs.get(job.job_id);
      if (known && job.rev <= known.rev) return false;
      const wanted = status && matchesJob(this.filters, job) ? LIST_OF[status] || status : null;
      const place = this.places.get(job.job_id);
      if (place && place === wanted && COMPARE[place](known, job) === 0) {
        this.changes.row(place, "updated", job.job_id);
      } else {
        if (place) this.remove(place, known);
        if (wanted) this.insert(wanted, job);
      }
      this.keep(job, status);
      return true;
    }

    // A running job got further. False: the job is not shown, or shown further already.
    progress(event) {
      const known = this.jobs.get(event.job_id);
      if (!known || event.rev <= known.rev) return false;
      const progress = { percent: event.percent, updated_at: event.timestamp };
      for (const name of ["message", "current_step", "of_steps", "eta_ms"]) {
        if (event[name] !== undefined) progress[name] = event[name];
      }
      this.jobs.set(event.job_id, { ...known, rev: event.rev, progress });
      const place = this.places.get(event.job_id);
      if (place) this.changes.row(place, "updated", event.job_id);
      this.changes.mark("job:" + event.job_id);
      return true;
    }

    // One list again, exact at the seq of the message that brought it.
    replace(name, rows, truncated) {
      const before = new Set(this.lists[name].ids);
      for (const id of before) if (this.places.get(id) === name) this.places.delete(id);
      const sorted = rows.slice().sort(COMPARE[name]);
      for (const row of sorted) {
        const place = this.places.get(row.job_id);
        if (place) this.remove(place, this.jobs.get(row.job_id));
        this.places.set(row.job_id, name);
        this.jobs.set(row.job_id, row);
        this.changes.row(name, before.delete(row.job_id) ? "updated" : "added", row.job_id);
        this.changes.mark("job:" + row.job_id);
      }
      this.lists[name] = { ids: sorted.map((row) => row.job_id), truncated, filled: rows.length };
      for (const id of before) {
        this.changes.row(name, "removed", id);
        this.forget(id);
      }
    }

    // Some lists again, at one seq. What moved behind them was not told, so a followed job that no list
    // shows is dropped: its record may be old.
    replaceSome(lists) {
      for (const name of Object.keys(lists)) {
        for (const id of this.lists[name].ids) if (this.places.get(id) === name) this.places.delete(id);
      }
      for (const [name, { rows, truncated }] of Object.entries(lists)) this.replace(name, rows, truncated);
      for (const id of this.followed.keys()) {
        if (this.places.has(id)) continue;
        this.jobs.delete(id);
        this.changes.mark("job:" + id);
      }
    }

    // Every list again. A followed job that no list shows is dropped: its record may be old.
    replaceAll(lists) {
      this.places.clear();
      this.jobs.clear();
      for (const name of NAMES) {
        const given = lists[name] || { rows: [], truncated: false };
        this.replace(name, given.rows, given.truncated);
      }
      for (const id of this.followed.keys()) this.changes.mark("job:" + id);
    }

    // Whether a truncated list lost so many rows that the hub should send them again within seconds.
    get hollow() {
      return Object.values(this.lists).some((list) => list.truncated && list.ids.length < FULL * list.filled);
    }

    // The truncated lists with fewer rows than a window has: what a hub has to know to go on from here.
    get short() {
      return NAMES.filter((name) => this.lists[name].truncated && this.lists[name].ids.length < windowOf(name));
    }

    follow(id) {
      this.followed.set(id, (this.followed.get(id) || 0) + 1);
    }

    unfollow(id) {
      const left = this.followed.get(id) - 1;
      if (left > 0) {
        this.followed.set(id, left);
      } else {
        this.followed.delete(id);
        this.forget(id);
      }
    }

    insert(name, job) {
      const list = this.lists[name];
      const at = this.position(name, job);
      if (list.truncated && at === list.ids.length) return;
      list.ids.splice(at, 0, job.job_id);
      this.places.set(job.job_id, name);
      this.changes.row(name, "added", job.job_id);
      if (list.ids.length <= windowOf(name)) return;
      const last = list.ids.pop();
      list.truncated = true;
      list.filled = list.ids.length;
      this.places.delete(last);
      this.changes.row(name, "removed", last);
      if (last !== job.job_id) this.forget(last);
    }

    remove(name, job) {
      const ids = this.lists[name].ids;
      ids.splice(this.position(name, job), 1);
      this.places.delete(job.job_id);
      this.changes.row(name, "removed", job.job_id);
    }

    // Where the job stands, or would stand: the first place whose row does not come before it.
    position(name, job) {
      const ids = this.lists[name].ids;
      const compare = COMPARE[name];
      let low = 0;
      let high = ids.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compare(this.jobs.get(ids[middle]), job) < 0) low = middle + 1;
        else high = middle;
      }
      return low;
    }

    keep(job, status) {
      const id = job.job_id;
      if (this.places.has(id) || (status && this.followed.has(id))) this.jobs.set(id, job);
      else this.jobs.delete(id);
      this.changes.mark("job:" + id);
    }

    forget(id) {
      if (!this.places.has(id) && !this.followed.has(id)) this.jobs.delete(id);
    }
  }

  function windowOf(name) {
    return name === "active" ? ACTIVE_WINDOW : WINDOW;
  }

  Object.assign(window.jobhub, { JobLists, compareJobs: COMPARE, listNames: NAMES, windowOf, matchesJob });
})();
