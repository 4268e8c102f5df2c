-- reports: what a worker says of a grant that it holds. Each returns 'ack', or 'stale' when nothing was recorded.
--
-- key job PREFIX     HASH a job: traceback
--
-- borrow worker_id lease_ms  arguments of the script that hears the report
--
-- A fence is a string. A repeat under the winning fence is 'ack' and writes nothing.

local reports = {}

function reports.job_started(job_id, fence)
  local job = live_job(arg.worker_id, job_id, fence)
  if not job then return 'stale' end
  renew(arg.worker_id, job_id, fence, arg.lease_ms)
  local rec = job.rec
  if rec.status == 'in_progress' then return 'ack' end
  rec.started_at, rec.wait_ms = now, now - rec.pending_at
  bump('started', rec)
  observe('wait', rec.wait_ms, rec)
  keep_promise(rec)
  mark_busy(arg.worker_id, job_id, fence, rec.job_type)
  move_job(job, 'in_progress', 'job_status_changed', 'started')
  timeouts[job_id] = text(now + rec.timeout_s * 1000)
  return 'ack'
end

-- result: JSON text, stored as it came.
function reports.job_completed(job_id, fence, result)
  local job = live_job(arg.worker_id, job_id, fence)
  if not job then return refuse_result(arg.worker_id, job_id, fence) end
  local rec = job.rec
  end_live_grant(job)
  begin_unstarted(job)
  if rec.error then redis.call('HDEL', db.job .. job_id, 'traceback') end
  rec.error, rec.losses = nil, 0
  job.unsaved = {'result', result}
  note_fence(job, 'settled', fence)
  move_job(job, 'completed', 'job_completed')
  local worker = touch_worker(arg.worker_id)
  worker.completed = worker.completed + 1
  return 'ack'
end

-- ended: {failure {type, message, retryable}, shape {fingerprint, message}, traceback or empty, chance 0..1 that
-- spreads the backoff}.
function reports.job_failed(job_id, fence, ended)
  local job = live_job(arg.worker_id, job_id, fence)
  if not job then return refuse_result(arg.worker_id, job_id, fence) end
  end_live_grant(job)
  begin_unstarted(job)
  job.unsaved = {'traceback', ended.traceback}
  note_fence(job, 'settled', fence)
  fail_attempt(job, ended.failure, ended.shape, ended.chance)
  local worker = touch_worker(arg.worker_id)
  worker.failed = worker.failed + 1
  return 'ack'
end

-- The slot is free; a live job goes back uncounted.
function reports.job_released(job_id, fence)
  local job = live_job(arg.worker_id, job_id, fence)
  if not job then return drop(arg.worker_id, job_id, fence) and 'ack' or 'stale' end
  end_live_grant(job)
  requeue(job, 'released')
  return 'ack'
end
