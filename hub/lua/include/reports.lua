-- reports: what a worker says of a grant that it holds. Each returns 'ack', or 'stale' when nothing was recorded.
--
-- key job PREFIX     HASH a job: traceback
--
-- borrow worker_id lease_ms  arguments of the script that hears the report
--
-- A report is {job_id, fence as string, ...}. A repeat under the winning fence is 'ack' and writes nothing.

local reports = {}

function reports.job_started(report)
  local job = live_job(arg.worker_id, report.job_id, report.fence)
  if not job then return 'stale' end
  renew(arg.worker_id, report.job_id, report.fence, arg.lease_ms)
  local rec = job.rec
  if rec.status == 'in_progress' then return 'ack' end
  rec.started_at, rec.wait_ms = now, now - rec.pending_at
  bump('started', rec)
  observe('wait', rec.wait_ms, rec)
  keep_promise(rec)
  mark_busy(arg.worker_id, report.job_id, report.fence, rec.job_type)
  move_job(job, 'in_progress', 'job_status_changed', 'started')
  timeouts[report.job_id] = text(now + rec.timeout_s * 1000)
  return 'ack'
end

-- result: JSON text, stored as it came.
function reports.job_completed(report)
  local job = live_job(arg.worker_id, report.job_id, report.fence)
  if not job then return refuse_result(arg.worker_id, report.job_id, report.fence) end
  local rec = job.rec
  begin_unstarted(job)
  if rec.error then redis.call('HDEL', db.job .. report.job_id, 'traceback') end
  rec.error, rec.losses = nil, 0
  job.unsaved = {'result', report.result}
  note_fence(job, 'settled', report.fence)
  move_job(job, 'completed', 'job_completed')
  drop(arg.worker_id, report.job_id, report.fence)
  local worker = touch_worker(arg.worker_id)
  worker.completed = worker.completed + 1
  return 'ack'
end

-- failure {type, message, retryable}; shape {fingerprint, message}; traceback or empty; chance 0..1 spreads the backoff.
function reports.job_failed(report)
  local job = live_job(arg.worker_id, report.job_id, report.fence)
  if not job then return refuse_result(arg.worker_id, report.job_id, report.fence) end
  job.unsaved = {'traceback', report.traceback}
  note_fence(job, 'settled', report.fence)
  begin_unstarted(job)
  fail_attempt(job, report.failure, report.shape, report.chance)
  drop(arg.worker_id, report.job_id, report.fence)
  local worker = touch_worker(arg.worker_id)
  worker.failed = worker.failed + 1
  return 'ack'
end

-- The slot is free; a live job goes back uncounted.
function reports.job_released(report)
  local job = live_job(arg.worker_id, report.job_id, report.fence)
  if not drop(arg.worker_id, report.job_id, report.fence) then return 'stale' end
  if job then requeue(job, 'released') end
  return 'ack'
end
