// Hours of events in seconds: twenty a second, jobs that come, run and end under ever new ids, workers
// that come and go. Every topic has somebody who draws it.
(function () {
  const { store } = jobhub;
  const topics = ["pending", "active", "completed", "failed", "workers", "series", "log", "counts"];
  for (const topic of topics) store.subscribe(topic, () => {});
  const counts = { ...store.state.counts };
  store.fold({ type: "full_state_snapshot", epoch: "day", seq: 0, timestamp: 1e9, data: {
    jobs: {}, workers: [], queues: [], counts, system_stats: null, series: null } });
  const moves = [[null, "pending"], ["pending", "assigned"], ["assigned", "in_progress"]];
  let seq = 0;
  let timestamp = 1e9;
  function event() {
    seq += 1;
    const number = Math.floor(seq / 4);
    const end = number % 9 ? "completed" : "failed";
    const [old_status, new_status] = moves[seq % 4] || ["in_progress", end];
    const id = "job-" + (seq % 4 === 3 ? number - 40 : number);
    const times = { created_at: timestamp, assigned_at: timestamp, finished_at: timestamp };
    const order = { priority: number % 100, order_key: String(timestamp) };
    const job = { job_id: id, job_type: "t" + (number % 7), status: new_status, rev: seq, ...order, ...times };
    return { seq, type: "job_status_changed", timestamp, job_id: id, old_status, new_status, job };
  }
  function worker() {
    seq += 1;
    const worker_id = "worker-" + Math.floor(seq / 1000);
    const record = { worker_id, status: seq % 3 ? "busy" : "offline", rev: seq, connected_at: 1, job_ids: [] };
    return { seq, type: "worker_status_changed", timestamp, worker_id, worker: record };
  }
  function figures() {
    seq += 1;
    const wait = { p50: 1, p95: 2, p99: 3 };
    const queues = [{ job_type: "t1", pending: 5, oldest_pending_at: 1 }];
    return { seq, type: "system_stats", timestamp, second: timestamp / 1000, submitted: 5, wait, run: wait, queues };
  }
  window.passHours = (hours) => {
    for (let second = 0; second < hours * 3600; second++) {
      timestamp += 1000;
      const prev = seq;
      const events = [figures(), worker(), ...Array.from({ length: 18 }, event)];
      const frame = { type: "events", epoch: "day", prev, seq, events, counts: { ...counts, completed: seq } };
      if (store.fold(JSON.parse(JSON.stringify(frame))) !== "folded") throw new Error("not folded");
    }
  };
})();
