-- complete_job: record the result of a held job, free its slot and, on request, fill it again.
--
-- include clock events metrics workers worker_changes lanes jobs grants outcomes
-- key job PREFIX  HASH a job: result, traceback
-- arg worker_id string
-- arg job_id string
-- arg fence string
-- arg result string  JSON, stored as it came
-- arg claim int      jobs wanted next; 0: none
-- arg connection_id string  as claim_jobs takes it
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {verdict, assignments}: 'ack' or 'stale', and what claim_jobs returns.
-- O((1 + claim) log n). A repeat under the winning fence is 'ack' and writes nothing.

local job = live_job(arg.worker_id, arg.job_id, arg.fence)
if not job then return {refuse_result(arg.worker_id, arg.job_id, arg.fence), {}} end
local rec = job.rec
begin_unstarted(job)
if rec.error then redis.call('HDEL', db.job .. arg.job_id, 'traceback') end
rec.error, rec.losses = nil, 0
redis.call('HSET', db.job .. arg.job_id, 'result', arg.result)
note_fence(job, 'settled', arg.fence)
move_job(job, 'completed', 'job_completed')
drop(arg.worker_id, arg.job_id, arg.fence)
local worker = touch_worker(arg.worker_id)
worker.completed = worker.completed + 1
local assignments = arg.claim > 0 and claim(worker, arg.claim) or {}
save_workers()
return {'ack', assignments}
