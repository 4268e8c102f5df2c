-- lanes: pending jobs of one type and the same requirements.
--
-- include gather lane_heads
-- key lane PREFIX     ZSET a lane: "<order_key>:<job_id>" scored -priority
-- key pending ZSET    the same members of all lanes: the order of processing
-- key waiting PREFIX  ZSET a job type: job ids by pending_at
-- key lanes HASH      lane -> JSON {job_type, requirements}
-- key job_types SET   every job type that a lane was made for
-- key meta HASH       lanes_version: grows when a lane is made
-- key job PREFIX      HASH a job: requirements

local function lane_member(job)
  return job.rec.order_key .. ':' .. job.rec.job_id
end

local known_lanes = {} -- that are there, as this script has seen

local function lane_is_there(lane)
  if not known_lanes[lane] then known_lanes[lane] = redis.call('HEXISTS', db.lanes, lane) == 1 end
  return known_lanes[lane]
end

-- An empty lane may have been cleared away since the job was last pending.
local function make_lane(job)
  if lane_is_there(job.lane) then return end
  known_lanes[job.lane] = true
  local requirements = job.requirements or redis.call('HGET', db.job .. job.rec.job_id, 'requirements')
  redis.call('HSET', db.lanes, job.lane, '{"job_type":' .. cjson.encode(job.rec.job_type)
    .. (requirements and ',"requirements":' .. requirements or '') .. '}')
  redis.call('HINCRBY', db.meta, 'lanes_version', 1)
  redis.call('SADD', db.job_types, job.rec.job_type)
end

local function join_lane(job)
  local score, line = text(-job.rec.priority), lane_member(job)
  make_lane(job)
  members_of(db.lane .. job.lane)[line] = score
  members_of(db.pending)[line] = score
  members_of(db.waiting .. job.rec.job_type)[job.rec.job_id] = text(job.rec.pending_at)
  stirred[job.lane] = job.rec.job_type
end

local function leave_lane(job)
  local line = lane_member(job)
  members_of(db.lane .. job.lane)[line] = false
  members_of(db.pending)[line] = false
  members_of(db.waiting .. job.rec.job_type)[job.rec.job_id] = false
  stirred[job.lane] = job.rec.job_type
end

-- A job that was given by the script that made it, before anybody could see it in line: nothing of that is written.
local function forget_line(job)
  local line = lane_member(job)
  members_of(db.lane .. job.lane)[line] = nil
  members_of(db.pending)[line] = nil
  members_of(db.waiting .. job.rec.job_type)[job.rec.job_id] = nil
  stirred[job.lane] = nil
end
