-- read_offers: what every worker offers and whether it could take a job now, for a report on one job.
--
-- include workers
-- key job PREFIX     HASH a job: rec
-- key worker PREFIX  HASH a worker: profile_json
-- key held PREFIX    HASH a worker: its grants
-- key paused SET     job types that nobody is given
-- key workers ZSET   connected worker ids by last heartbeat
-- key offline ZSET   remembered worker ids by when they went
-- arg job_id string
-- arg limit int      workers at most, connected ones first
--
-- Returns false when there is no job, else {record, paused 0|1, {worker_id, status, profile, free, ...},
-- {profile, JSON, ...}, workers there are}. O(workers). Reads only.

local record = redis.call('HGET', db.job .. arg.job_id, 'rec')
if not record then return false end

local workers, profiles, seen = {}, {}, {}
local function add(worker)
  local free = worker.slots + worker.prefetch - redis.call('HLEN', db.held .. worker.worker_id)
  for _, value in ipairs({worker.worker_id, worker.status, worker.profile, free}) do
    workers[#workers + 1] = value
  end
  if seen[worker.profile] then return end
  seen[worker.profile] = true
  profiles[#profiles + 1] = worker.profile
  profiles[#profiles + 1] = redis.call('HGET', db.worker .. worker.worker_id, 'profile_json')
end
for _, key in ipairs({db.workers, db.offline}) do
  local room = arg.limit - #workers / 4
  local ids = room > 0 and redis.call('ZREVRANGE', key, 0, room - 1) or {}
  for _, worker_id in ipairs(ids) do add(load_worker(worker_id)) end
end
local paused = redis.call('SISMEMBER', db.paused, cjson.decode(record).job_type)
return {record, paused, workers, profiles, redis.call('ZCARD', db.workers) + redis.call('ZCARD', db.offline)}
