-- grants: give jobs to a worker, and take them back.
--
-- include holdings
-- key heads PREFIX           ZSET a profile: "<head member> <lane>" scored as the head
-- key profile_versions HASH  profile -> the lanes_version that its lanes are complete for
-- key meta HASH              fence, lanes_version
-- key held PREFIX            HASH a worker: its grants
-- key lane PREFIX            ZSET a lane: "<order_key>:<job_id>" scored -priority
--
-- borrow lease_ms accept_ms connection_id  arguments of the script that grants

local function grant(job, worker, fence)
  local rec = job.rec
  rec.worker_id, rec.fence = worker.worker_id, text(fence)
  rec.assigned_at, rec.attempt = now, job.ended + 1
  move_job(job, 'assigned', 'job_assigned')
  hold(worker.worker_id, rec.job_id, rec.fence, arg.lease_ms, arg.accept_ms)
end

local function assignment(job)
  local rec = job.rec
  return {rec.job_id, rec.fence, rec.attempt, tostring(rec.timeout_s), job.json or job_json(job), job_payload(job)}
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

-- Up to `limit` of the most urgent pending jobs that the worker fits. 'refresh' when a lane was
-- made that the hub has not matched against the worker's profile: its jobs might be more urgent
-- (`hurried`: take what is known). A connection that another one has taken the name from gets nothing.
local function claim(worker, limit, hurried)
  local assignments, bytes = {}, 0
  if not worker or worker.draining == '1' or worker.status == 'offline' then return assignments end
  if arg.connection_id ~= '' and arg.connection_id ~= worker.connection_id then return assignments end
  local version = redis.call('HGET', db.meta, 'lanes_version') or '0'
  if redis.call('HGET', db.profile_versions, worker.profile) ~= version and not hurried then return 'refresh' end
  local free = worker.slots + worker.prefetch - redis.call('HLEN', written(db.held .. worker.worker_id))
  while #assignments < math.min(limit, free) do
    sync_stirred()
    local job_ids = first_in_line(worker.profile, math.min(limit, free) - #assignments)
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

-- The live job of a grant: nil when the grant is stale or no longer the job's. A live one is held: no need to ask.
local function live_job(worker_id, job_id, fence)
  local job = load_job(job_id)
  if not job then return nil end
  local rec = job.rec
  if rec.fence ~= fence or rec.worker_id ~= worker_id then return nil end
  return (rec.status == 'assigned' or rec.status == 'in_progress') and job or nil
end

-- End the grant of a live job, before the job moves.
local function end_live_grant(job)
  local rec = job.rec
  end_grant(rec.worker_id, rec.job_id, rec.fence, rec.status == 'in_progress' and rec.job_type or '')
end
