-- fail_job: record the error of a held job: retry it later or end its run; free its slot and fill it again.
--
-- include clock events metrics workers worker_changes lanes jobs grants outcomes
-- key job PREFIX  HASH a job: traceback
-- arg worker_id string
-- arg job_id string
-- arg fence string
-- arg failure json      {type, message, retryable}
-- arg shape json        {fingerprint, message}: what errors of its kind have in common
-- arg traceback string  or empty
-- arg chance number     0..1, spreads the backoff
-- arg claim int         jobs wanted next; 0: none
-- arg connection_id string  as claim_jobs takes it
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {verdict, assignments}: 'ack' or 'stale', and what claim_jobs returns.
-- O((1 + claim) log n). A repeat under the same fence is 'ack' and writes nothing.

local job = live_job(arg.worker_id, arg.job_id, arg.fence)
if not job then return {refuse_result(arg.worker_id, arg.job_id, arg.fence), {}} end
redis.call('HSET', db.job .. arg.job_id, 'traceback', arg.traceback)
note_fence(job, 'settled', arg.fence)
begin_unstarted(job)
fail_attempt(job, arg.failure, arg.shape, arg.chance)
drop(arg.worker_id, arg.job_id, arg.fence)
local worker = touch_worker(arg.worker_id)
worker.failed = worker.failed + 1
local assignments = arg.claim > 0 and claim(worker, arg.claim) or {}
save_workers()
return {'ack', assignments}
