-- workers: a worker's record, the grants it holds, and the one event for all its changes in a script.
--
-- include gather
-- key worker PREFIX  HASH a worker: static (JSON members), status, rev, slots, prefetch, profile, profile_json, draining,
--                    connection_id, connected_at, completed, failed, busy, offered
-- key held PREFIX    HASH a worker: fence -> "job_id", and " job_type" once it was started
-- key leases ZSET    "fence job_id worker_id" by lease end, Unix ms
-- key unaccepted ZSET  the same members by the end of the time to accept

local changed_workers = {}

local function load_worker(worker_id)
  local names = {'static', 'status', 'rev', 'slots', 'prefetch', 'profile', 'draining', 'connection_id',
    'connected_at', 'completed', 'failed', 'busy', 'offered'}
  local values = redis.call('HMGET', db.worker .. worker_id, unpack(names))
  if not values[1] then return nil end
  local worker = {worker_id = worker_id}
  for index, name in ipairs(names) do worker[name] = values[index] end
  for _, name in ipairs({'rev', 'slots', 'prefetch', 'busy', 'offered', 'completed', 'failed'}) do
    worker[name] = tonumber(worker[name] or '0')
  end
  return worker
end

-- The worker of this script's changes: read once, written once by `save_workers`.
local function touch_worker(worker_id)
  local worker = changed_workers[worker_id] or load_worker(worker_id)
  changed_workers[worker_id] = worker
  return worker
end

-- Grants of a worker that were read at once, as `held` has them; false: not held.
local read_before = {}

local function read_grants(worker_id, fences)
  local values = redis.call('HMGET', db.held .. worker_id, unpack(fences))
  for index, fence in ipairs(fences) do read_before[worker_id .. ' ' .. fence] = values[index] end
end

-- The job of a grant, and its type once it was started.
local function held_job(worker_id, fence)
  local key = db.held .. worker_id
  local value = gathered_field(key, fence)
  if value == nil then value = read_before[worker_id .. ' ' .. fence] end
  if value == nil then value = redis.call('HGET', key, fence) end
  if not value then return nil end
  return string.match(value, '^(%S+) ?(.*)$')
end

local function lease_member(fence, job_id, worker_id)
  return fence .. ' ' .. job_id .. ' ' .. worker_id
end

local function hold(worker_id, job_id, fence, lease_ms, accept_ms)
  put_field(db.held .. worker_id, fence, job_id)
  local lease = lease_member(fence, job_id, worker_id)
  put_member(db.leases, lease, text(now + lease_ms))
  put_member(db.unaccepted, lease, text(now + accept_ms))
  touch_worker(worker_id)
end

-- Any message about a job accepts it and renews its lease.
local function renew(worker_id, job_id, fence, lease_ms)
  local lease = lease_member(fence, job_id, worker_id)
  remove_member(db.unaccepted, lease)
  put_member(db.leases, lease, text(now + lease_ms))
end

-- The handler runs: its slot is busy. The record of the worker does not change, so nothing is told.
local function mark_busy(worker_id, job_id, fence, job_type)
  local key = db.worker .. worker_id
  put_field(db.held .. worker_id, fence, job_id .. ' ' .. job_type)
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

-- The slot is free again; false when the worker did not hold that grant.
local function drop(worker_id, job_id, fence)
  local held, running_type = held_job(worker_id, fence)
  if held ~= job_id then return false end
  local worker = touch_worker(worker_id)
  remove_field(db.held .. worker_id, fence)
  local lease = lease_member(fence, job_id, worker_id)
  remove_member(db.leases, lease)
  remove_member(db.unaccepted, lease)
  if running_type ~= '' then
    if worker then worker.busy = worker.busy - 1 end
    shift_level('busy', -1, running_type, worker_id)
  end
  return true
end

local function worker_json(worker, job_ids)
  local ids = #job_ids > 0 and cjson.encode(job_ids) or '[]'
  return '{' .. worker.static .. ',"status":"' .. worker.status .. '","rev":' .. text(worker.rev)
    .. ',"connected_at":' .. worker.connected_at .. ',"completed":' .. text(worker.completed)
    .. ',"failed":' .. text(worker.failed) .. ',"job_ids":' .. ids .. '}'
end

local function held_job_ids(worker_id)
  local job_ids = {}
  for _, value in ipairs(redis.call('HVALS', written(db.held .. worker_id))) do
    job_ids[#job_ids + 1] = string.match(value, '^%S+')
  end
  return job_ids
end
