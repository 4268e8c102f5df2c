-- clear_lanes: forget lanes that hold no job, so that the limit counts lanes in use.
--
-- key lanes HASH            lane -> JSON
-- key lane PREFIX           ZSET a lane: its pending jobs
-- key lane_profiles PREFIX  SET a lane: the profiles that fit it
-- key unworkable HASH       lane -> JSON
-- arg keep int  lanes that may stay
--
-- Returns how many were forgotten. O(lanes). Idempotent. A job that returns to such a lane makes it anew.

if redis.call('HLEN', db.lanes) <= arg.keep then return 0 end
local cleared = 0
for _, lane in ipairs(redis.call('HKEYS', db.lanes)) do
  if redis.call('EXISTS', db.lane .. lane) == 0 then
    redis.call('HDEL', db.lanes, lane)
    redis.call('HDEL', db.unworkable, lane)
    redis.call('DEL', db.lane_profiles .. lane)
    cleared = cleared + 1
  end
end
return cleared
