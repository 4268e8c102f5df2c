-- fit_lanes: tell Redis which lanes a profile fits, all of one lanes_version.
--
-- include clock events lanes
-- key profile_versions HASH  profile -> the lanes_version that its lanes are complete for
-- key lane_profiles PREFIX  SET a lane: the profiles that fit it
-- key heads PREFIX           ZSET a profile: "<head member> <lane>" scored as the head
-- key lane_heads HASH        lane -> "score member"
-- key meta HASH              lanes_version
-- key lanes HASH             lane -> JSON
-- key profile_workers HASH   profile -> connected workers
-- arg profile string
-- arg version string  lanes_version that `lanes` was matched for
-- arg lanes json      the lanes that fit
--
-- Returns 'fitted', or 'refresh' when a lane was made meanwhile and nothing was written.
-- O(lanes). Idempotent.

if (redis.call('HGET', db.meta, 'lanes_version') or '0') ~= arg.version then return 'refresh' end
-- What was cleared away since the fit was computed must not come back.
if redis.call('HEXISTS', db.profile_workers, arg.profile) == 0 then return 'fitted' end
for _, lane in ipairs(arg.lanes) do
  local here = redis.call('HEXISTS', db.lanes, lane) == 1
  if here and redis.call('SADD', db.lane_profiles .. lane, arg.profile) == 1 then
    local head = redis.call('HGET', db.lane_heads, lane)
    if head then
      local score, line = string.match(head, '^(%S+) (.*)$')
      redis.call('ZADD', db.heads .. arg.profile, score, line .. ' ' .. lane)
    end
  end
end
redis.call('HSET', db.profile_versions, arg.profile, arg.version)
return 'fitted'
