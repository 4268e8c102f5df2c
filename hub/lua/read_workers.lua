-- read_workers: workers, the connected ones first, then those remembered, each newest first.
--
-- include workers
-- key workers ZSET  connected worker ids by last heartbeat
-- key offline ZSET  remembered worker ids by when they went
-- arg limit int
--
-- Returns {{worker JSON, heartbeat, ...}, workers there are}. O(limit + grants held). Reads only.

local found = {}
local function add(key)
  local room = arg.limit - #found / 2
  if room <= 0 then return end
  for _, worker_id in ipairs(redis.call('ZREVRANGE', key, 0, room - 1)) do
    found[#found + 1] = worker_json(load_worker(worker_id), held_job_ids(worker_id))
    found[#found + 1] = redis.call('ZSCORE', key, worker_id)
  end
end
add(db.workers)
add(db.offline)
return {found, redis.call('ZCARD', db.workers) + redis.call('ZCARD', db.offline)}
