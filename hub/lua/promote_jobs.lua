-- promote_jobs: scheduled jobs whose time has come become pending, in their old place.
--
-- include clock events metrics lanes jobs
-- key scheduled ZSET  job ids by run_at
-- arg limit int  jobs a call
--
-- Returns how many. O(limit log n). Idempotent.

local due = redis.call('ZRANGEBYSCORE', db.scheduled, '-inf', text(now), 'LIMIT', 0, arg.limit)
for _, job_id in ipairs(due) do
  move_job(load_job(job_id), 'pending', 'job_status_changed', 'promoted')
end
return #due
