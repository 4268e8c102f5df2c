-- fleet: workers for a reader, the connected ones first, then those remembered, each newest first.
--
-- include workers
-- key workers ZSET  connected worker ids by last heartbeat, Unix ms
-- key offline ZSET  remembered worker ids by when they went, Unix ms

-- Returns {worker JSON, heartbeat, ...}, and how many workers there are.
local function read_fleet(limit)
  local found, known = {}, 0
  for _, key in ipairs({db.workers, db.offline}) do
    known = known + redis.call('ZCARD', key)
    local room = limit - #found / 2
    local ids = room > 0 and redis.call('ZREVRANGE', key, 0, room - 1) or {}
    for _, worker_id in ipairs(ids) do
      found[#found + 1] = worker_json(load_worker(worker_id), held_job_ids(worker_id))
      found[#found + 1] = redis.call('ZSCORE', key, worker_id)
    end
  end
  return found, known
end
