-- expire_jobs: forget finished jobs of one state that are too old or too many, oldest first.
--
-- include clock events metrics lanes jobs
-- key finished PREFIX     ZSET a final state: job ids by finished_at
-- key job PREFIX          HASH a job
-- key history PREFIX      LIST a job
-- key log PREFIX          LIST a job
-- key idempotency PREFIX  HASH "submitter key"
-- key workflow PREFIX     HASH a workflow: jobs
-- key counts HASH         kept
-- arg status string
-- arg keep_ms int         age that is kept
-- arg keep int            finished jobs, all states, that are kept
-- arg key_ms int          an idempotency key lives at least this long
-- arg limit int           jobs a call
--
-- Returns how many. O(limit log n). Idempotent.

local function forget(job_id)
  local job = load_job(job_id)
  local rec = job.rec
  local old = rec.status
  leave_status(job, old)
  leave_indexes(job)
  if rec.idempotency_key then
    local key = db.idempotency .. (rec.submitted_by or '') .. ' ' .. rec.idempotency_key
    redis.call('PEXPIRE', key, text(math.max(1, rec.created_at + arg.key_ms - now)))
  end
  if rec.workflow_id and redis.call('HINCRBY', db.workflow .. rec.workflow_id, 'jobs', -1) <= 0 then
    redis.call('DEL', db.workflow .. rec.workflow_id)
  end
  redis.call('DEL', db.job .. job_id, db.history .. job_id, db.log .. job_id)
  rec.rev = rec.rev + 1
  emit('job_status_changed', '"job_id":"' .. job_id .. '",' .. status_pair(old, nil)
    .. ',"reason":"expired","job":' .. job_json(job))
end

local key = db.finished .. arg.status
local surplus = tonumber(redis.call('HGET', db.counts, 'kept') or '0') - arg.keep
local gone = redis.call('ZRANGEBYSCORE', key, '-inf', text(now - arg.keep_ms), 'LIMIT', 0, arg.limit)
if #gone == 0 and surplus > 0 then
  gone = redis.call('ZRANGE', key, 0, math.min(surplus, arg.limit) - 1)
end
for _, job_id in ipairs(gone) do forget(job_id) end
return #gone
