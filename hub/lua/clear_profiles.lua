-- clear_profiles: forget offers that no connected worker makes, so that a lane's head moves for the fleet of now only.
--
-- include clock
-- key profiles HASH          profile -> JSON {job_types, capabilities}
-- key profile_workers HASH   profile -> connected workers
-- key profile_versions HASH  profile -> the lanes_version that its lanes are complete for
-- key heads PREFIX           ZSET a profile: its lanes by head
-- key lanes HASH             lane -> JSON
-- key lane_profiles PREFIX   SET a lane: the profiles that fit it
-- arg limit int  profiles a call
--
-- Returns how many. O(profiles + limit x lanes). Idempotent. A worker that comes back brings its profile.

local idle = {}
for _, profile in ipairs(redis.call('HKEYS', db.profiles)) do
  if #idle < arg.limit and redis.call('HEXISTS', db.profile_workers, profile) == 0 then
    idle[#idle + 1] = profile
  end
end
if #idle == 0 then return 0 end
for _, lane in ipairs(redis.call('HKEYS', db.lanes)) do
  redis.call('SREM', db.lane_profiles .. lane, unpack(idle))
end
for _, profile in ipairs(idle) do
  redis.call('HDEL', db.profiles, profile)
  redis.call('HDEL', db.profile_versions, profile)
  redis.call('DEL', db.heads .. profile)
end
return #idle
