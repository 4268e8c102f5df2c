-- release_job: a worker lets go of a grant: the slot is free; a live job goes back uncounted.
--
-- include clock events metrics workers worker_changes lanes jobs grants outcomes
-- arg worker_id string
-- arg job_id string
-- arg fence string
--
-- Returns 'ack', or 'stale' when the worker does not hold that grant. O(log n). Idempotent.

local job = live_job(arg.worker_id, arg.job_id, arg.fence)
if not drop(arg.worker_id, arg.job_id, arg.fence) then return 'stale' end
if job then requeue(job, 'released') end
save_workers()
return 'ack'
