-- holdings: the grants that a worker holds, and for how long.
--
-- include gather metrics workers
-- key worker PREFIX    HASH a worker: status, busy, offered
-- key held PREFIX      HASH a worker: fence -> "job_id", and " job_type" once it was started
-- key leases ZSET      "fence job_id worker_id" by lease end, Unix ms
-- key unaccepted ZSET  the same members by the end of the time to accept

-- The job of a grant, and its type once it was started.
local function held_job(worker_id, fence)
  local key = db.held .. worker_id
  local value = fields_of(key)[fence]
  if value == nil then value = redis.call('HGET', key, fence) end
  if not value then return nil end
  return string.match(value, '^(%S+) ?(.*)$')
end

local leases, unaccepted = members_of(db.leases), members_of(db.unaccepted)

local function lease_member(fence, job_id, worker_id)
  return fence .. ' ' .. job_id .. ' ' .. worker_id
end

local function hold(worker_id, job_id, fence, lease_ms, accept_ms)
  fields_of(db.held .. worker_id)[fence] = job_id
  local lease = lease_member(fence, job_id, worker_id)
  leases[lease], unaccepted[lease] = text(now + lease_ms), text(now + accept_ms)
  touch_worker(worker_id)
end

-- Any message about a job accepts it and renews its lease.
local function renew(worker_id, job_id, fence, lease_ms)
  local lease = lease_member(fence, job_id, worker_id)
  leases[lease], unaccepted[lease] = text(now + lease_ms), false
end

-- The handler runs: its slot is busy. The record of the worker does not change, so nothing is told.
local function mark_busy(worker_id, job_id, fence, job_type)
  local key = db.worker .. worker_id
  fields_of(db.held .. worker_id)[fence] = job_id .. ' ' .. job_type
  shift_level('busy', 1, job_type, worker_id)
  local touched = changed_workers[worker_id]
  if touched then
    touched.busy = touched.busy + 1
    return
  end
  redis.call('HINCRBY', key, 'busy', 1)
  if redis.call('HGET', key, 'status') == 'draining' then
    redis.call('HINCRBY', key, 'offered', 1)
    shift_level('offered', 1, '', worker_id)
  end
end

-- The slot is free again. running_type: the job's type when its handler had begun, '' when not.
local function end_grant(worker_id, job_id, fence, running_type)
  local worker = touch_worker(worker_id)
  fields_of(db.held .. worker_id)[fence] = false
  local lease = lease_member(fence, job_id, worker_id)
  leases[lease], unaccepted[lease] = false, false
  if running_type == '' then return end
  if worker then worker.busy = worker.busy - 1 end
  shift_level('busy', -1, running_type, worker_id)
end

-- As end_grant; false when the worker did not hold that grant.
local function drop(worker_id, job_id, fence)
  local held, running_type = held_job(worker_id, fence)
  if held ~= job_id then return false end
  end_grant(worker_id, job_id, fence, running_type)
  return true
end
