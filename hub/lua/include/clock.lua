-- clock: the time of the script, and the meta record that every script reads first.
--
-- key meta HASH   epoch, seq, last_ms (last time seen), offset_ms (tests and loaders only), stream_max
--
-- Time never goes back: max(Redis TIME + offset, last time seen). The first write of every script
-- is this HSET, a command that Redis refuses when it is out of memory or read-only, so that a
-- script fails before it changed anything instead of half way.

local meta = redis.call('HMGET', db.meta, 'epoch', 'offset_ms', 'last_ms', 'stream_max', 'seq')
local epoch = meta[1]
if not epoch then
  return redis.error_reply('NOEPOCH the event log has no epoch')
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000) + (tonumber(meta[2]) or 0)
now = math.max(now, tonumber(meta[3]) or 0)
redis.call('HSET', db.meta, 'last_ms', text(now))
local stream_max = meta[4] or '100000'
local seq = tonumber(meta[5] or '0')
