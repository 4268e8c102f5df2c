-- read_stats: jobs and workers a state, exact at the sequence number beside them.
--
-- include reading
-- key meta HASH      epoch, seq, last_ms
-- key counts HASH    jobs a state
-- key workers ZSET   connected worker ids
-- key offline ZSET   remembered worker ids
-- key worker PREFIX  HASH a worker: status
--
-- Returns {epoch, seq, last_ms, flat counts, statuses of the connected workers, offline workers}.
-- O(connected workers). Reads only.

local meta = redis.call('HMGET', db.meta, 'epoch', 'seq', 'last_ms')
local statuses = {}
for index, worker_id in ipairs(redis.call('ZRANGE', db.workers, 0, -1)) do
  statuses[index] = redis.call('HGET', db.worker .. worker_id, 'status')
end
return {meta[1], meta[2], time_read(meta[3]), redis.call('HGETALL', db.counts), statuses,
  redis.call('ZCARD', db.offline)}
