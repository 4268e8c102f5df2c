// Records and messages as the hub writes them.
"use strict";

const COUNTS = { scheduled: 0, pending: 0, assigned: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0, kept: 0 };
const LISTS = ["pending", "scheduled", "active", "completed", "failed", "cancelled"];

function job(fields) {
  return {
    job_type: "demo",
    status: "pending",
    run: 1,
    rev: 1,
    priority: 50,
    created_at: 1000,
    order_key: "000000000001000",
    ...fields,
  };
}

function worker(fields) {
  return { status: "idle", rev: 1, slots: 1, job_ids: [], connected_at: 1000, completed: 0, failed: 0, ...fields };
}

function snapshot({ epoch = "e1", seq = 0, timestamp = 1_000_000, jobs = {}, ...data } = {}) {
  const lists = {};
  for (const name of LISTS) lists[name] = { rows: [], truncated: false, ...jobs[name] };
  return {
    type: "full_state_snapshot",
    epoch,
    seq,
    timestamp,
    data: { workers: [], queues: [], counts: COUNTS, system_stats: null, series: series([]), jobs: lists, ...data },
  };
}

function series(seconds) {
  const columns = { step_s: 1, second: seconds };
  for (const name of ["submitted", "started", "completed", "failed", "cancelled", "busy", "offered"]) {
    columns[name] = seconds.map(() => 1);
  }
  for (const axis of ["wait", "run"]) for (const p of ["p50", "p95", "p99"]) columns[`${axis}_${p}`] = seconds.map(() => 5);
  return columns;
}

function moved(seq, record, old_status, fields = {}) {
  return {
    seq,
    type: "job_status_changed",
    timestamp: 1_000_000 + seq,
    job_id: record.job_id,
    old_status,
    new_status: record.status,
    job: record,
    ...fields,
  };
}

function frame(prev, seq, events, fields = {}) {
  return { type: "events", epoch: "e1", prev, seq, events, ...fields };
}

module.exports = { COUNTS, LISTS, job, worker, snapshot, series, moved, frame };
