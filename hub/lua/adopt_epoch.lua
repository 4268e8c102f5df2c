-- adopt_epoch: start a new epoch when there is none, or when the server is not the one that the epoch was kept by.
--
-- key meta HASH        epoch, run_id, seq, fence, looked_ms
-- key events STREAM    deleted with its epoch
-- key channel CHANNEL  "<epoch> 0 " tells every hub
-- key closing HASH     closed: the second before the first that is counted
-- arg epoch string     the name of the new epoch, should one start
-- arg run_id string    of the server that this connection reached
-- arg stream_max int   events that the log keeps at least
--
-- A server that came back may have lost its last second: a seq or fence given out again would
-- diverge in silence, so both start where nothing was. Returns the epoch. O(1). Idempotent.

local known = redis.call('HMGET', db.meta, 'epoch', 'run_id', 'fence', 'stream_max')
-- Nothing is written when nothing changes: a full Redis must still let connections in.
if tonumber(known[4]) ~= arg.stream_max then redis.call('HSET', db.meta, 'stream_max', text(arg.stream_max)) end
if known[1] and known[2] == arg.run_id then return known[1] end
local clock = redis.call('TIME')
redis.call('HSETNX', db.closing, 'closed', clock[1] - 1)
local fence = math.max(tonumber(known[3]) or 0, (clock[1] * 1000 + math.floor(clock[2] / 1000)) * 1000)
redis.call('DEL', db.events)
-- An outage before the first reaper looked is an outage too (include/silence.lua).
redis.call('HSETNX', db.meta, 'looked_ms', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)))
redis.call('HSET', db.meta, 'epoch', arg.epoch, 'run_id', arg.run_id, 'seq', '0',
  'fence', string.format('%.0f', fence))
redis.call('PUBLISH', db.channel, arg.epoch .. ' 0 ')
return arg.epoch
