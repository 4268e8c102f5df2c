-- reap_leases: take back grants whose lease ran out, and those that nobody accepted in time.
--
-- include clock silence events metrics workers worker_changes lanes jobs grants failures
-- key leases ZSET      "fence job_id worker_id" by lease end, Unix ms
-- key unaccepted ZSET  the same members by the end of the time to accept
-- arg limit int  grants a call
-- arg lease_ms int
-- arg heartbeat_ms int
--
-- Returns {lost, returned}: how many of each; none while they are spared (silence.lua). O(limit log n). Idempotent.

if spared then return {0, 0} end

local function overdue(key)
  return redis.call('ZRANGEBYSCORE', written(key), '-inf', text(now), 'LIMIT', 0, arg.limit)
end

local function take_back(lease, give_back, reason)
  local fence, job_id, worker_id = string.match(lease, '^(%S+) (%S+) (%S+)$')
  local job = live_job(worker_id, job_id, fence)
  drop(worker_id, job_id, fence)
  if job then give_back(job, reason) end
end

-- Unaccepted ones first: a job that its worker never saw is not lost, however short the lease.
local returned = overdue(db.unaccepted)
for _, lease in ipairs(returned) do take_back(lease, requeue, 'not_accepted') end
local lost, seen = overdue(db.leases), 0
for _, lease in ipairs(lost) do
  local unseen = redis.call('ZSCORE', written(db.unaccepted), lease)
  if unseen then
    take_back(lease, requeue, 'not_accepted')
  else
    seen = seen + 1
    take_back(lease, lose, 'lease_expired')
  end
end
save_workers()
return {seen, #returned + #lost - seen}
