-- submit_job: store a new job, scheduled or pending, or return the one that its idempotency key names.
--
-- include clock events metrics lanes jobs
-- key job PREFIX          HASH a job
-- key idempotency PREFIX  HASH "submitter key": job_id, digest, rec (of a job that is gone)
-- key workflow PREFIX     HASH a workflow: priority, time, jobs
-- key lanes HASH          lane -> JSON
-- key meta HASH           order: grows with every job
-- arg job_id string        chosen by the hub
-- arg record json          the small record as far as the client decides it
-- arg payload string       JSON, stored as it came
-- arg requirements string  JSON, or empty
-- arg lane string          digest of job type and requirements
-- arg lanes_max int
-- arg delay_ms int         0: now
-- arg idempotency string   "submitter key", or empty
-- arg digest string        of the body, to tell a repeat from another job
--
-- Returns {word, detail}: created or exists and the record; idempotency_conflict and the job id;
-- workflow_conflict and the field; too_many_lanes. Only `created` changes anything.
-- O(log n). Idempotent with a key.

local function existing()
  if arg.idempotency == '' then return nil end
  local known = redis.call('HMGET', db.idempotency .. arg.idempotency, 'job_id', 'digest', 'rec')
  if not known[1] then return nil end
  if known[2] ~= arg.digest then return {'idempotency_conflict', known[1]} end
  return {'exists', redis.call('HGET', db.job .. known[1], 'rec') or known[3]}
end

local rec = arg.record
rec.created_at = now

-- The first job of a workflow fixes its priority and time; later ones inherit.
local function workflow_conflict()
  local known = redis.call('HMGET', db.workflow .. rec.workflow_id, 'priority', 'time')
  if not known[1] then return nil end
  for index, field in ipairs({'workflow_priority', 'workflow_submitted_at'}) do
    if rec[field] and rec[field] ~= tonumber(known[index]) then return {'workflow_conflict', field} end
    rec[field] = tonumber(known[index])
  end
end

local function effective_time()
  if not rec.workflow_id then
    rec.priority = rec.priority or 50
    return rec.run_at or now
  end
  rec.priority = rec.workflow_priority or rec.priority or 50
  rec.workflow_priority = rec.priority
  rec.workflow_submitted_at = rec.workflow_submitted_at or now
  local key = db.workflow .. rec.workflow_id
  redis.call('HSET', key, 'priority', text(rec.priority), 'time', text(rec.workflow_submitted_at))
  redis.call('HINCRBY', key, 'jobs', 1)
  return rec.workflow_submitted_at
end

local refusal = existing() or (rec.workflow_id and workflow_conflict())
if refusal then return refusal end
if redis.call('HEXISTS', db.lanes, arg.lane) == 0 and redis.call('HLEN', db.lanes) >= arg.lanes_max then
  return {'too_many_lanes'}
end

if arg.delay_ms > 0 then rec.run_at = now + arg.delay_ms end
rec.job_id = arg.job_id
local time = effective_time()
local requirements = arg.requirements ~= '' and arg.requirements or nil
local fixed = fix_record(rec, requirements)
rec.order_key = string.format('%015.0f%012.0f', time, redis.call('HINCRBY', db.meta, 'order', 1))
rec.run, rec.rev, rec.attempt, rec.losses = 1, 0, 0, 0
rec.status = (rec.run_at or 0) > now and 'scheduled' or 'pending'
if rec.status == 'pending' then become_pending(rec) end

local job = {rec = rec, lane = arg.lane, requirements = requirements,
  fixed = fixed,
  unsaved = {'fixed', fixed, 'payload', arg.payload, 'lane', arg.lane}}
if requirements then
  job.unsaved[7], job.unsaved[8] = 'requirements', requirements
end
if arg.idempotency ~= '' then
  redis.call('HSET', db.idempotency .. arg.idempotency, 'job_id', arg.job_id, 'digest', arg.digest)
end
bump('submitted', rec)
enter_status(job, rec.status)
save_job(job)
tell_job('job_submitted', job, nil)
return {'created', job.json}
