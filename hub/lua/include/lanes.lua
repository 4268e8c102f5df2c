-- lanes: pending jobs of one type and the same requirements, and for each profile its lanes by head.
--
-- include gather
-- key lane PREFIX           ZSET a lane: "<order_key>:<job_id>" scored -priority
-- key pending ZSET          the same members of all lanes: the order of processing
-- key waiting PREFIX        ZSET a job type: job ids by pending_at
-- key lanes HASH            lane -> JSON {job_type, requirements}
-- key lane_heads HASH       lane -> "score member" as the profiles see it
-- key lane_profiles PREFIX  SET a lane: the profiles that fit it
-- key heads PREFIX          ZSET a profile: "<head member> <lane>" scored as the head
-- key paused SET            job types that nobody is given
-- key job_types SET         every job type that a lane was made for
-- key meta HASH             lanes_version: grows when a lane is made
-- key job PREFIX            HASH a job: requirements
--
-- Equal scores sort by member, so the exact order needs no float tricks, and a claim looks at one
-- head however many lanes there are. Only a change of a lane's head touches its profiles.

local function set_head(lane, head)
  local told = redis.call('HGET', db.lane_heads, lane) or ''
  if head == told then return end
  local old_member = string.match(told, ' (.*)$')
  local score, new_member = string.match(head, '^(%S+) (.*)$')
  for _, profile in ipairs(redis.call('SMEMBERS', db.lane_profiles .. lane)) do
    if old_member then redis.call('ZREM', db.heads .. profile, old_member .. ' ' .. lane) end
    if new_member then redis.call('ZADD', db.heads .. profile, score, new_member .. ' ' .. lane) end
  end
  if new_member then
    redis.call('HSET', db.lane_heads, lane, head)
  else
    redis.call('HDEL', db.lane_heads, lane)
  end
end

local function sync_head(lane, job_type)
  local first = redis.call('ZRANGE', db.lane .. lane, 0, 0, 'WITHSCORES')
  local open = first[1] and redis.call('SISMEMBER', db.paused, job_type) == 0
  set_head(lane, open and (first[2] .. ' ' .. first[1]) or '')
end

-- Lanes whose jobs changed, each with its job type: a head is told once, however many jobs moved.
local stirred = {}

local function sync_stirred()
  for lane, job_type in pairs(stirred) do
    written(db.lane .. lane)
    sync_head(lane, job_type)
  end
  stirred = {}
end

finally[#finally + 1] = sync_stirred

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
