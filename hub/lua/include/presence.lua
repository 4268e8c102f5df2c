-- presence: a worker comes, goes, and which profiles are there to take jobs.
--
-- include holdings
-- key held PREFIX           HASH a worker: its grants
-- key workers ZSET          connected worker ids by last heartbeat, Unix ms
-- key offline ZSET          remembered worker ids by when they went, Unix ms
-- key profile_workers HASH  profile -> connected workers
-- key profiles HASH         profile -> JSON {job_types, capabilities}; idle ones are cleared
-- key worker PREFIX         HASH a worker: profile_json

local function arrive(worker)
  redis.call('ZREM', db.offline, worker.worker_id)
  redis.call('ZADD', db.workers, text(now), worker.worker_id)
  redis.call('HINCRBY', db.profile_workers, worker.profile, 1)
  redis.call('HSETNX', db.profiles, worker.profile,
    redis.call('HGET', db.worker .. worker.worker_id, 'profile_json'))
end

local function depart(worker)
  redis.call('ZREM', db.workers, worker.worker_id)
  redis.call('ZADD', db.offline, text(now), worker.worker_id)
  if redis.call('HINCRBY', db.profile_workers, worker.profile, -1) <= 0 then
    redis.call('HDEL', db.profile_workers, worker.profile)
  end
end

local function go_offline(worker, reason)
  depart(worker)
  worker.old_status, worker.status = worker.status, 'offline'
  changed_workers[worker.worker_id] = worker
  save_worker(worker, 'worker_disconnected', reason)
end

-- Grants of a worker as {fence, job_id} pairs.
local function grants_of(worker_id)
  local grants, flat = {}, redis.call('HGETALL', written(db.held .. worker_id))
  for index = 1, #flat, 2 do
    grants[#grants + 1] = {fence = flat[index], job_id = string.match(flat[index + 1], '^%S+')}
  end
  return grants
end
