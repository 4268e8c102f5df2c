-- reap_timeouts: end attempts that took longer than their job allows; the worker keeps its slot until it lets go.
--
-- include clock silence events metrics workers worker_changes lanes jobs grants failures
-- key timeouts ZSET  job ids by the end of their attempt's time
-- key job PREFIX     HASH a job: traceback
-- arg limit int      jobs a call
-- arg chance number  0..1, spreads the backoff
-- arg lease_ms int
-- arg heartbeat_ms int
--
-- Returns how many; none while they are spared (silence.lua): a result that came in time may be on its way.
-- O(limit log n). Idempotent.

-- Steps of the golden ratio spread any number of jobs evenly over the jitter.
local GOLDEN = 0.6180339887

if spared then return 0 end
local late = redis.call('ZRANGEBYSCORE', db.timeouts, '-inf', text(now), 'LIMIT', 0, arg.limit)
for index, job_id in ipairs(late) do
  local job = load_job(job_id)
  local worker = touch_worker(job.rec.worker_id)
  if worker then worker.failed = worker.failed + 1 end
  revoke(job)
  redis.call('HDEL', db.job .. job_id, 'traceback')
  local message = 'no result within ' .. tostring(job.rec.timeout_s) .. ' s'
  fail_attempt(job, {type = 'Timeout', message = message, retryable = true, reason = 'timeout'},
    {fingerprint = 'timeout', message = 'no result in time'}, (arg.chance + index * GOLDEN) % 1)
end
save_workers()
return #late
