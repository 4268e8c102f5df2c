-- expire_jobs: forget finished jobs that are too old or too many, oldest first.
--
-- include relief clock events metrics lanes jobs forget
-- key finished PREFIX  ZSET a final state: job ids by finished_at
-- key counts HASH      kept
-- arg keep_ms int      age that is kept
-- arg keep int         finished jobs, all states, that are kept
-- arg key_ms int       an idempotency key lives at least this long
-- arg limit int        jobs a call
--
-- Returns how many. O(limit log n). Idempotent.

local oldest = {}
for _, status in ipairs({'completed', 'failed', 'cancelled'}) do
  local flat = redis.call('ZRANGE', db.finished .. status, 0, arg.limit - 1, 'WITHSCORES')
  for index = 1, #flat, 2 do oldest[#oldest + 1] = {job_id = flat[index], at = tonumber(flat[index + 1])} end
end
table.sort(oldest, function(a, b) return a.at < b.at or (a.at == b.at and a.job_id < b.job_id) end)

local surplus = tonumber(redis.call('HGET', db.counts, 'kept') or '0') - arg.keep
local gone = 0
for index = 1, math.min(#oldest, arg.limit) do
  if index > surplus and oldest[index].at > now - arg.keep_ms then break end
  forget(load_job(oldest[index].job_id), 'expired')
  gone = gone + 1
end
return gone
