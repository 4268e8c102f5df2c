-- retry_jobs: start new runs of jobs whose run is over; metrics and history keep the old ones.
--
-- include clock events metrics lanes jobs audit
-- key job PREFIX  HASH a job: result, traceback
-- arg job_ids json  strings
-- arg actor string  who asked
--
-- Returns for each {'retried', record}, {'live', record} when the run is not over, or {'unknown'}.
-- O(jobs log n). Not idempotent: a second call may start a third run.

local done = {}

local function retry(job_id)
  local job = load_job(job_id)
  if not job then return {'unknown'} end
  local rec = job.rec
  if GAUGES[rec.status] then return {'live', job_json(job)} end
  redis.call('HDEL', db.job .. job_id, 'result', 'traceback')
  -- A monitor that shows the jobs of one worker must hear that this one left it.
  local before = rec.worker_id and ('"worker_id":"' .. rec.worker_id .. '","fence":' .. rec.fence)
  job.ended = 0
  rec.run, rec.attempt, rec.losses = rec.run + 1, 0, 0
  rec.error, rec.progress, rec.worker_id, rec.fence = nil, nil, nil, nil
  rec.assigned_at, rec.started_at, rec.wait_ms, rec.run_ms = nil, nil, nil, nil
  rec.finished_at = nil
  if rec.run_at and rec.run_at > now then rec.run_at = now end
  job.actor = arg.actor
  move_job(job, 'pending', 'job_status_changed', 'retried', nil, before)
  done[#done + 1] = job_id
  return {'retried', job.json}
end

local replies = {}
for index, job_id in ipairs(arg.job_ids) do replies[index] = retry(job_id) end
note_jobs('retry', done)
return replies
