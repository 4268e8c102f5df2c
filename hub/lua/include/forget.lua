-- forget: a finished job is gone: its record, history, log, place in its workflow; its idempotency key lives on.
--
-- key job PREFIX          HASH a job
-- key history PREFIX      LIST a job
-- key log PREFIX          LIST a job
-- key idempotency PREFIX  HASH "submitter key": job_id, digest, rec (the last record of a job that is gone)
-- key workflow PREFIX     HASH a workflow: jobs
--
-- borrow key_ms  an idempotency key lives at least this long

local function release_key(job, json)
  local terms = job_terms(job)
  local key = db.idempotency .. (terms.submitted_by or '') .. ' ' .. terms.idempotency_key
  local left_ms = terms.created_at + arg.key_ms - now
  if left_ms > 0 then
    redis.call('HSET', key, 'rec', json)
    redis.call('PEXPIRE', key, text(left_ms))
  else
    redis.call('DEL', key)
  end
end

local function forget(job, reason)
  local rec = job.rec
  local old, job_id = rec.status, rec.job_id
  leave_status(job, old)
  leave_indexes(job)
  local terms = job_terms(job)
  if terms.idempotency_key then release_key(job, job_json(job)) end
  if terms.workflow_id and redis.call('HINCRBY', db.workflow .. terms.workflow_id, 'jobs', -1) <= 0 then
    redis.call('DEL', db.workflow .. terms.workflow_id)
  end
  unload_job(job)
  redis.call('DEL', db.job .. job_id, db.history .. job_id, db.log .. job_id)
  rec.rev = rec.rev + 1
  emit('job_status_changed', '"job_id":"' .. job_id .. '",' .. status_pair(old, nil) .. member('reason', reason)
    .. (job.actor and member('actor', job.actor) or '') .. ',"job":' .. job_json(job))
end
