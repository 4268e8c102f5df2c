// Put into the Live page by bench/browser_day.py: the steady load of `python -m bench.delivery traffic`, as the
// compact frames that the dashboard is sent: 50 jobs running on 5 workers, 20 progresses a second between them, one
// job that ends and one that begins. `jobhubDay.play(seconds)` folds so much of it at once.
(() => {
  const { store } = window.jobhub;
  const SLOTS = 50;
  const WORKERS = 5;
  const RUN_MS = 50_000;
  const epoch = "steady-day";
  const startedAt = Date.now() - 8 * 3_600_000; // the day ends now
  let now = startedAt;
  let seq = 0;
  let jobs = 0;
  let finished = 0;
  let turn = 0;
  const running = [];

  const jobId = (number) => "steady" + String(number).padStart(14, "0");
  const workerId = (number) => "bench-" + (number % WORKERS);

  function newJob() {
    const number = jobs++;
    return {
      status: "pending", run: 1, rev: 1, priority: 50, attempt: 0, losses: 0,
      order_key: "00" + now + String(number).padStart(12, "0"), pending_at: now, created_at: now, submitted_by: "bench",
      retry: { kind: "exponential", base_s: 2, jitter: 0.25, cap_s: 900 }, max_attempts: 3, job_type: "steady",
      job_id: jobId(number), timeout_s: 3600,
    };
  }

  function begin() {
    const job = newJob();
    Object.assign(job, { status: "in_progress", rev: 3, attempt: 1, assigned_at: now, started_at: now, worker_id: workerId(jobs) });
    running.push({ job_id: job.job_id, worker_id: job.worker_id, started_at: now, rev: 3 });
    return job;
  }

  const heldBy = (worker_id) => running.filter((job) => job.worker_id === worker_id).map((job) => job.job_id);

  function snapshot() {
    const active = Array.from({ length: SLOTS }, begin);
    const workers = Array.from({ length: WORKERS }, (_, number) => ({
      worker_id: workerId(number), job_types: ["steady"], capabilities: {}, slots: SLOTS / WORKERS, host: "day", status: "busy",
      rev: 1, connected_at: now, completed: 0, failed: 0, job_ids: heldBy(workerId(number)),
    }));
    const none = { rows: [], truncated: false };
    const lists = { pending: none, scheduled: none, completed: none, failed: none, cancelled: none };
    return {
      type: "full_state_snapshot", epoch, seq, timestamp: now,
      data: {
        workers, jobs: { ...lists, active: { rows: active, truncated: false } },
        queues: [], system_stats: null, series: null,
        counts: { scheduled: 0, pending: 0, assigned: 0, in_progress: SLOTS, completed: 0, failed: 0, cancelled: 0, kept: 0 },
      },
    };
  }

  const event = (type, rest) => ({ seq: ++seq, type, timestamp: now, ...rest });

  function workerMoves(worker_id, change) {
    const told = { rev: seq, completed: finished, ...change };
    return event("worker_status_changed", { worker_id, new_status: "busy", change: told });
  }

  function ends() {
    const { job_id, worker_id, started_at, rev } = running.shift();
    finished++;
    const progress = { percent: 98, updated_at: now - 500 };
    const change = { rev: rev + 1, finished_at: now, run_ms: now - started_at, progress };
    const moves = [event("job_completed", { job_id, new_status: "completed", change })];
    return [...moves, workerMoves(worker_id, { job_ids: { gone: [job_id] } })];
  }

  function begins(worker_id) {
    const job = newJob();
    const { job_id } = job;
    const submitted = event("job_submitted", { job_id, old_status: null, new_status: "pending", job });
    const given = { rev: 2, attempt: 1, assigned_at: now, worker_id, fence: seq };
    const assigned = event("job_assigned", { job_id, new_status: "assigned", change: given });
    const held = workerMoves(worker_id, { job_ids: { come: [job_id] } });
    const start = { rev: 3, started_at: now, wait_ms: 3 };
    const started = event("job_status_changed", { job_id, new_status: "in_progress", reason: "started", change: start });
    running.push({ job_id, worker_id, started_at: now, rev: 3 });
    return [submitted, assigned, held, started];
  }

  function figures() {
    const quantiles = (ms) => ({ p50: ms, p95: ms, p99: ms });
    return event("system_stats", {
      second: Math.floor(now / 1000), submitted: 1, started: 1, completed: 1, wait: quantiles(3), run: quantiles(RUN_MS),
      busy: 49.9, offered: SLOTS, workers: WORKERS,
    });
  }

  function progresses(count) {
    return Array.from({ length: count }, () => {
      const job = running[turn++ % running.length];
      seq++;
      job.rev++;
      return [job.job_id, job.rev, Math.min(98, Math.round((now - job.started_at) / (RUN_MS / 100))), 300];
    });
  }

  function fold(prev, rest) {
    const text = JSON.stringify({ type: "events", prev, seq, ...rest });
    if (store.fold(JSON.parse(text)) !== "folded") throw new Error("not folded: " + text);
  }

  function second() {
    now += 1000;
    let prev = seq;
    fold(prev, { events: [figures()], at: now, progress: progresses(10) });
    prev = seq;
    const { worker_id } = running[0];
    fold(prev, { events: ends(), counts: { in_progress: SLOTS - 1, completed: finished, kept: finished } });
    prev = seq;
    fold(prev, { events: begins(worker_id), counts: { in_progress: SLOTS } });
    prev = seq;
    fold(prev, { at: now, progress: progresses(10) });
  }

  store.fold(snapshot());
  window.jobhubDay = {
    play(seconds) {
      for (let played = 0; played < seconds; played++) second();
      return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(seq))));
    },
  };
})();
