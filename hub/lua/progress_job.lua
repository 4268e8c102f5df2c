-- progress_job: note how far a held job is.
--
-- include clock events metrics workers lanes jobs grants
-- arg worker_id string
-- arg job_id string
-- arg fence string
-- arg lease_ms int
-- arg members string  percent, message?, current_step?, of_steps?, eta_ms?: JSON without braces
--
-- Returns 'ack', or 'stale' and nothing was written. O(log n). Idempotent but for rev and the event.

local job = live_job(arg.worker_id, arg.job_id, arg.fence)
if not job then return 'stale' end
renew(arg.worker_id, arg.job_id, arg.fence, arg.lease_ms)
job.rec.progress = '{' .. arg.members .. ',"updated_at":' .. text(now) .. '}'
save_job(job)
emit('job_progress', '"job_id":"' .. arg.job_id .. '","rev":' .. text(job.rec.rev) .. ',' .. arg.members
  .. ',"job_type":"' .. job.rec.job_type .. '","worker_id":"' .. arg.worker_id
  .. '","priority":' .. job.rec.priority)
return 'ack'
