-- reap_timeouts: end attempts that took longer than their job allows; the worker keeps its slot until it lets go.
--
-- include clock events metrics workers lanes jobs grants outcomes
-- key timeouts ZSET  job ids by the end of their attempt's time
-- key job PREFIX     HASH a job: traceback
-- arg limit int      jobs a call
-- arg chance number  0..1, spreads the backoff
--
-- Returns how many. O(limit log n). Idempotent.

local late = redis.call('ZRANGEBYSCORE', db.timeouts, '-inf', text(now), 'LIMIT', 0, arg.limit)
for _, job_id in ipairs(late) do
  local job = load_job(job_id)
  revoke(job)
  redis.call('HDEL', db.job .. job_id, 'traceback')
  local message = 'no result within ' .. tostring(job.rec.timeout_s) .. ' s'
  fail_attempt(job, {type = 'Timeout', message = message, retryable = true, reason = 'timeout'},
    {fingerprint = 'timeout', message = 'no result in time'}, arg.chance)
end
return #late
