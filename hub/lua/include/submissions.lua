-- submissions: store new jobs, scheduled or pending; one that an idempotency key names already is found again.
--
-- include metrics lanes jobs workflows
-- key job PREFIX          HASH a job
-- key idempotency PREFIX  HASH "submitter key": job_id, digest, rec (of a job that is gone)
-- key lanes HASH          lane -> JSON
-- key meta HASH           order: grows with every job
--
-- borrow jobs lanes_max  of the script that stores them. jobs: for each {job_id (chosen by the hub), record (as far as
--                        the client decides it), payload (JSON text), requirements (JSON text), lane (digest of job
--                        type and requirements), delay_ms, idempotency ("submitter key"), digest (of the body, to
--                        tell a repeat from another job)}

local function existing(asked)
  if not asked.idempotency then return nil end
  local known = redis.call('HMGET', db.idempotency .. asked.idempotency, 'job_id', 'digest', 'rec')
  if not known[1] then return nil end
  if known[2] ~= asked.digest then return {'idempotency_conflict', known[1]} end
  local here = loaded_jobs[known[1]] -- made by this very script
  return {'exists', here and here.json or redis.call('HGET', db.job .. known[1], 'rec') or known[3]}
end

local function lane_is_one_too_many(lane)
  return not lane_is_there(lane) and redis.call('HLEN', db.lanes) >= arg.lanes_max
end

local function new_job(asked)
  local rec = asked.record
  if asked.delay_ms then rec.run_at = now + asked.delay_ms end
  rec.job_id = asked.job_id
  local time = effective_time(rec)
  local fixed = fix_record(rec, asked.requirements)
  rec.order_key = string.format('%015.0f%012.0f', time, redis.call('HINCRBY', db.meta, 'order', 1))
  rec.run, rec.rev, rec.attempt, rec.losses = 1, 0, 0, 0
  rec.status = (rec.run_at or 0) > now and 'scheduled' or 'pending'
  if rec.status == 'pending' then become_pending(rec) end
  local unsaved = {'fixed', fixed, 'payload', asked.payload}
  if asked.requirements then unsaved[5], unsaved[6] = 'requirements', asked.requirements end
  return {rec = rec, lane = asked.lane, requirements = asked.requirements, fixed = fixed, payload = asked.payload,
    unsaved = unsaved, ended = 0, settled = '', revoked = ''}
end

local function submit(asked)
  local rec = asked.record
  rec.created_at = now
  local refusal = existing(asked) or (rec.workflow_id and workflow_conflict(rec))
  if refusal then return refusal end
  if lane_is_one_too_many(asked.lane) then return {'too_many_lanes'} end
  local job = new_job(asked)
  loaded_jobs[asked.job_id] = job
  if asked.idempotency then
    redis.call('HSET', db.idempotency .. asked.idempotency, 'job_id', asked.job_id, 'digest', asked.digest)
  end
  bump('submitted', rec)
  enter_status(job, rec.status)
  save_job(job)
  tell_job('job_submitted', job, nil)
  return {'created', job.json}
end

-- For each job {word, detail}: created or exists and the record; idempotency_conflict and the job id;
-- workflow_conflict and the field; too_many_lanes. Only `created` changes anything, each job for itself.
local function submit_all()
  local replies = {}
  for index, asked in ipairs(arg.jobs) do replies[index] = submit(asked) end
  return replies
end
