-- workers: a worker's record, read once and written once a script.
--
-- key worker PREFIX  HASH a worker: static (JSON members), status, rev, slots, prefetch, profile, profile_json, draining,
--                    connection_id, connected_at, completed, failed, busy, offered
-- key held PREFIX    HASH a worker: fence -> "job_id", and " job_type" once it was started

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

local function worker_json(worker, job_ids)
  local ids = #job_ids > 0 and cjson.encode(job_ids) or '[]'
  return '{' .. worker.static .. ',"status":"' .. worker.status .. '","rev":' .. text(worker.rev)
    .. ',"connected_at":' .. worker.connected_at .. ',"completed":' .. text(worker.completed)
    .. ',"failed":' .. text(worker.failed) .. ',"job_ids":' .. ids .. '}'
end

-- The jobs that a worker holds, as Redis has them; a script that changed them asks for `written` first.
local function held_job_ids(worker_id)
  local job_ids = {}
  for _, value in ipairs(redis.call('HVALS', db.held .. worker_id)) do
    job_ids[#job_ids + 1] = string.match(value, '^%S+')
  end
  return job_ids
end
