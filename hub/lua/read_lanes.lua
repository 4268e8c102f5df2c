-- read_lanes: every lane with its backlog, and the profiles of the connected workers, at one moment.
--
-- key meta HASH             lanes_version
-- key lanes HASH            lane -> JSON {job_type, requirements}
-- key lane PREFIX           ZSET a lane: its pending jobs
-- key profiles HASH         profile -> JSON {job_types, capabilities}
-- key profile_workers HASH  profile -> connected workers
-- key unworkable PREFIX     HASH a job type: lane -> JSON {requirements, reason}
--
-- Returns {lanes_version, {lane, JSON, pending, ...}, {profile, JSON, ...}, {lane, JSON, ...} unworkable}.
-- O(lanes + profiles + unworkable lanes). Reads only.

local lanes, types, flat = {}, {}, redis.call('HGETALL', db.lanes)
for index = 1, #flat, 2 do
  lanes[#lanes + 1] = flat[index]
  lanes[#lanes + 1] = flat[index + 1]
  lanes[#lanes + 1] = redis.call('ZCARD', db.lane .. flat[index])
  types[cjson.decode(flat[index + 1]).job_type] = true
end
local profiles = {}
for _, profile in ipairs(redis.call('HKEYS', db.profile_workers)) do
  profiles[#profiles + 1] = profile
  profiles[#profiles + 1] = redis.call('HGET', db.profiles, profile)
end
local unworkable = {}
for job_type in pairs(types) do
  for _, value in ipairs(redis.call('HGETALL', db.unworkable .. job_type)) do
    unworkable[#unworkable + 1] = value
  end
end
return {redis.call('HGET', db.meta, 'lanes_version') or '0', lanes, profiles, unworkable}
