-- start_job: the handler of an assigned job begins.
--
-- include clock events metrics workers lanes jobs grants
-- key timeouts ZSET  job ids by the end of their attempt's time
-- arg worker_id string
-- arg job_id string
-- arg fence string
-- arg lease_ms int
--
-- Returns 'ack', or 'stale' and nothing was written. O(log n). Idempotent.

local job = live_job(arg.worker_id, arg.job_id, arg.fence)
if not job then return 'stale' end
renew(arg.worker_id, arg.job_id, arg.fence, arg.lease_ms)
if job.rec.status == 'in_progress' then return 'ack' end
local rec = job.rec
rec.started_at = now
rec.wait_ms = now - rec.pending_at
bump('started', rec)
observe('wait', rec.wait_ms, rec)
keep_promise(rec)
mark_busy(arg.worker_id, arg.job_id, arg.fence, rec.job_type)
move_job(job, 'in_progress', 'job_status_changed', 'started')
redis.call('ZADD', db.timeouts, text(now + rec.timeout_s * 1000), arg.job_id)
return 'ack'
