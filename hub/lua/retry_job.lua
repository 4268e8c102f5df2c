-- retry_job: start a new run of a job whose run is over; metrics and history keep the old one.
--
-- include clock events metrics lanes jobs
-- key job PREFIX  HASH a job: result, traceback, ended
-- arg job_id string
-- arg actor string  who asked
--
-- Returns {'retried', record}, {'live', record} when the run is not over, or {'unknown'}.
-- O(log n). Not idempotent: a second call may start a third run.

local job = load_job(arg.job_id)
if not job then return {'unknown'} end
local rec = job.rec
if GAUGES[rec.status] then return {'live', job_json(job)} end
redis.call('HDEL', db.job .. arg.job_id, 'result', 'traceback', 'ended')
rec.run, rec.attempt, rec.losses = rec.run + 1, 0, 0
rec.error, rec.progress, rec.worker_id, rec.fence = nil, nil, nil, nil
rec.assigned_at, rec.started_at, rec.finished_at, rec.wait_ms, rec.run_ms = nil, nil, nil, nil, nil
move_job(job, 'pending', 'job_status_changed', 'retried', member('actor', arg.actor))
return {'retried', job.json}
