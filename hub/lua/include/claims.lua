-- claims: choose the most urgent jobs that a worker fits, and give them to it.
--
-- include lane_heads lanes grants
-- key heads PREFIX           ZSET a profile: "<head member> <lane>" scored as the head
-- key profile_versions HASH  profile -> the lanes_version that its lanes are complete for
-- key lane_profiles PREFIX   SET a lane: the profiles that fit it
-- key meta HASH              fence, lanes_version
-- key held PREFIX            HASH a worker: its grants
-- key lane PREFIX            ZSET a lane: "<order_key>:<job_id>" scored -priority
-- key paused SET             job types that nobody is given
--
-- borrow connection_id  an argument of the script that claims

-- How many jobs the worker may be given. 'refresh' when a lane was made that the hub has not matched against
-- the worker's profile: its jobs might be more urgent (`hurried`: take what is known). A connection that
-- another one has taken the name from gets nothing.
local function room_of(worker, hurried)
  if not worker or worker.draining == '1' or worker.status == 'offline' then return 0 end
  if arg.connection_id ~= '' and arg.connection_id ~= worker.connection_id then return 0 end
  local version = redis.call('HGET', db.meta, 'lanes_version') or '0'
  if redis.call('HGET', db.profile_versions, worker.profile) ~= version and not hurried then return 'refresh' end
  return worker.slots + worker.prefetch - redis.call('HLEN', written(db.held .. worker.worker_id))
end

-- Up to `limit` ids of the lane at the head of the profile's, as long as no other lane's head comes first.
local function first_in_line(profile, limit)
  local heads = redis.call('ZRANGE', db.heads .. profile, 0, 1, 'WITHSCORES')
  if not heads[1] then return {} end
  local lane = string.match(heads[1], ' (%S+)$')
  local next_score, next_order = tonumber(heads[4]), heads[3] and string.match(heads[3], '^%d+')
  local line = redis.call('ZRANGE', db.lane .. lane, 0, limit - 1, 'WITHSCORES')
  local job_ids = {}
  for index = 1, #line, 2 do
    local order, job_id = string.match(line[index], '^(%d+):(%S+)$')
    local score = tonumber(line[index + 1])
    if next_score and (score > next_score or (score == next_score and order > next_order)) then break end
    job_ids[#job_ids + 1] = job_id
  end
  return job_ids
end

-- A claim ends with the job that takes it over so many bytes: one frame must fit into a worker's outbox.
local CLAIM_BYTES = 1000000

-- Up to `limit` of the most urgent pending jobs that the worker fits, or 'refresh'.
local function claim(worker, limit, hurried)
  local room = room_of(worker, hurried)
  if room == 'refresh' then return room end
  local assignments, bytes = {}, 0
  limit = math.min(limit, room)
  while #assignments < limit do
    sync_stirred()
    local job_ids = first_in_line(worker.profile, limit - #assignments)
    if #job_ids == 0 then break end
    local fence = redis.call('HINCRBY', db.meta, 'fence', #job_ids) - #job_ids
    for index, job_id in ipairs(job_ids) do
      local job = load_job(job_id, true)
      grant(job, worker, fence + index)
      local given = assignment(job)
      assignments[#assignments + 1] = given
      bytes = bytes + #job.json + #given[#given]
      if bytes > CLAIM_BYTES then return assignments end
    end
  end
  return assignments
end

-- Whether a job that this script made pending is the only one that waits for a worker of the profile.
local function waits_alone(job, profile)
  return job.rec.status == 'pending' and redis.call('ZCARD', db.heads .. profile) == 0
    and redis.call('SISMEMBER', db.lane_profiles .. job.lane, profile) == 1
    and redis.call('SISMEMBER', db.paused, job.rec.job_type) == 0
end

-- As `claim` one, by the script that made `job`: mostly it is the most urgent, and never stands in line.
local function claim_new(job, worker)
  local room = room_of(worker)
  if room == 'refresh' or room < 1 or not waits_alone(job, worker.profile) then return claim(worker, 1) end
  grant(job, worker, redis.call('HINCRBY', db.meta, 'fence', 1))
  forget_line(job)
  return {assignment(job)}
end
