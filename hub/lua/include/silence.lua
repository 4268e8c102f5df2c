-- silence: who was not heard is gone only when it could have been heard.
--
-- key meta HASH   looked_ms (when a reaper last looked, by the server's own clock), spared_until
-- borrow lease_ms heartbeat_ms  arguments of the script that reaps
--
-- Reapers look several times a second. When none could for longer than a heartbeat (Redis away, full or
-- stopped, no hub there, a clock set forward), no worker could renew its leases either, and all would seem
-- dead at once. So for one lease from then on nothing ends for lack of a message: `spared` is true.
-- A shorter gap needs no such thing: a lease is three heartbeats, one before the gap, one after it.

local looked = redis.call('HMGET', db.meta, 'looked_ms', 'spared_until')
local looked_at = clock[1] * 1000 + math.floor(clock[2] / 1000)
local spared_until = tonumber(looked[2] or '0')
if looked[1] and looked_at - looked[1] > arg.heartbeat_ms then
  spared_until = now + arg.lease_ms
  redis.call('HSET', db.meta, 'spared_until', text(spared_until))
end
redis.call('HSET', db.meta, 'looked_ms', text(looked_at))
local spared = now < spared_until
