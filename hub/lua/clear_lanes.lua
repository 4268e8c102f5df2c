-- clear_lanes: forget lanes and job types that hold no job, so that the limit counts lanes in use.
--
-- include clock events queues
-- key lanes HASH            lane -> JSON {job_type, requirements}
-- key lane PREFIX           ZSET a lane: its pending jobs
-- key lane_profiles PREFIX  SET a lane: the profiles that fit it
-- key unworkable PREFIX     HASH a job type: lane -> JSON
-- key job_types SET         every job type that a lane was made for
-- key paused SET            job types that nobody is given
-- arg keep int  lanes, and job types, that may stay
--
-- Returns how many lanes were forgotten. O(lanes). Idempotent. A job that returns to such a lane makes it anew.

local crowded = redis.call('HLEN', db.lanes) > arg.keep
local crowded_types = redis.call('SCARD', db.job_types) > arg.keep
if not crowded and not crowded_types then return 0 end

local cleared, types = 0, {}
local flat = redis.call('HGETALL', db.lanes)
for index = 1, #flat, 2 do
  local lane, job_type = flat[index], cjson.decode(flat[index + 1]).job_type
  if redis.call('EXISTS', db.lane .. lane) == 0 then
    redis.call('HDEL', db.lanes, lane)
    redis.call('HDEL', db.unworkable .. job_type, lane)
    redis.call('DEL', db.lane_profiles .. lane)
    cleared = cleared + 1
  else
    types[job_type] = true
  end
end
if not crowded_types then return cleared end
for _, job_type in ipairs(redis.call('SMEMBERS', db.job_types)) do
  if not types[job_type] and redis.call('SISMEMBER', db.paused, job_type) == 0 then
    redis.call('SREM', db.job_types, job_type)
    emit('queue_changed', queue_members(job_type) .. member('action', 'forgotten'))
  end
end
return cleared
