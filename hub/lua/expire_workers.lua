-- expire_workers: forget workers that went long ago, or too many that went, oldest first.
--
-- include relief clock events workers
-- key offline ZSET   remembered worker ids by when they went, Unix ms
-- key worker PREFIX  HASH a worker
-- key held PREFIX    HASH a worker: its grants
-- arg keep_ms int  age that is kept
-- arg keep int     offline workers that are kept
-- arg limit int    workers a call
--
-- Returns how many. One that still holds a grant stays until its lease ends. O(limit log n). Idempotent.

local surplus = redis.call('ZCARD', db.offline) - arg.keep
local flat = redis.call('ZRANGE', db.offline, 0, arg.limit - 1, 'WITHSCORES')
local gone = 0
for index = 1, #flat, 2 do
  local worker_id = flat[index]
  if (index + 1) / 2 > surplus and tonumber(flat[index + 1]) > now - arg.keep_ms then break end
  if redis.call('EXISTS', db.held .. worker_id) == 0 then
    local worker = load_worker(worker_id)
    worker.rev = worker.rev + 1
    redis.call('ZREM', db.offline, worker_id)
    redis.call('DEL', db.worker .. worker_id)
    emit('worker_status_changed', '"worker_id":"' .. worker_id .. '",' .. status_pair(worker.status, nil)
      .. member('reason', 'expired') .. ',"worker":' .. worker_json(worker, {}))
    gone = gone + 1
  end
end
return gone
