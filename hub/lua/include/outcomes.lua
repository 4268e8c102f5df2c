-- outcomes: how a grant of a job ends: given back, failed with or without a retry, or refused.
--
-- key job PREFIX        HASH a job: traceback, ended, settled, revoked
-- key errors HASH       fingerprint -> JSON {error_type, message, first_at}
-- key errors_seen ZSET  fingerprints by when they were last seen, Unix ms

-- A job remembers this many fences with a recorded outcome, and as many that the hub ended: a worker
-- that sends a result again after other attempts still hears the truth.
local FENCES_KEPT = 16

-- The grant is over and the job goes on without a worker. Returns the event's members of "old".
local function clear_grant(job)
  local rec = job.rec
  local before = rec.worker_id and ('"worker_id":"' .. rec.worker_id .. '","fence":' .. rec.fence) or ''
  job.left = {worker_id = rec.worker_id, fence = rec.fence}
  rec.worker_id, rec.fence, rec.assigned_at, rec.started_at = nil, nil, nil, nil
  rec.wait_ms, rec.progress = nil, nil
  return before
end

-- Back to pending in its old place; the attempt does not count.
local function requeue(job, reason)
  local before = clear_grant(job)
  move_job(job, 'pending', 'job_status_changed', reason, nil, before)
end

-- Written with the record: a move follows.
local function note_fence(job, field, fence)
  local fences = job[field] .. fence .. ' '
  if #fences > FENCES_KEPT * (#fence + 1) then fences = string.match(fences, ' (.*)$') end
  job[field] = fences
  local unsaved = job.unsaved
  unsaved[#unsaved + 1], unsaved[#unsaved + 2] = field, fences
end

local function noted_fence(job, field, fence)
  return string.find(' ' .. job[field], ' ' .. fence .. ' ', 1, true) ~= nil
end

-- The grant that a late result names was ended by the hub: refuse it without a word.
local function revoke(job)
  note_fence(job, 'revoked', job.rec.fence)
end

-- An outcome without a message that the job was started: it began when it was handed over.
local function begin_unstarted(job)
  local rec = job.rec
  if rec.started_at then return end
  rec.started_at, rec.wait_ms = rec.assigned_at, rec.assigned_at - rec.pending_at
  bump('started', rec)
  observe('wait', rec.wait_ms, rec)
  bump('busy_ms', rec, now - rec.started_at)
  keep_promise(rec)
end

local function end_run(job, failure, reason)
  job.rec.error = failure
  move_job(job, 'failed', 'job_failed', reason, ',"will_retry":false')
end

-- Exponential from base_s, or base_s each time; drawn from ± jitter, never over cap_s, so that failures
-- of one moment do not return as one. chance: 0..1.
local function backoff_ms(retry, attempt, chance)
  local wait_s = retry.base_s
  if retry.kind == 'exponential' then wait_s = wait_s * 2 ^ math.min(attempt - 1, 40) end
  wait_s = math.min(wait_s, retry.cap_s)
  local low, high = wait_s * (1 - retry.jitter), math.min(wait_s * (1 + retry.jitter), retry.cap_s)
  return math.floor((low + (high - low) * chance) * 1000)
end

local ERRORS_KEPT = 1000

-- Count a failed attempt by what its message has in common with others. shape: {fingerprint, message}.
local function note_error(rec, failure, shape)
  bump('error:' .. shape.fingerprint, rec)
  redis.call('HSETNX', db.errors, shape.fingerprint, cjson.encode({
    error_type = failure.type, message = shape.message, first_at = now}))
  redis.call('ZADD', db.errors_seen, text(now), shape.fingerprint)
  if redis.call('ZCARD', db.errors_seen) > ERRORS_KEPT then
    redis.call('HDEL', db.errors, redis.call('ZPOPMIN', db.errors_seen)[1])
  end
end

-- An attempt ended without a result. failure: {type, message, retryable, reason}; shape: as note_error takes it;
-- chance: 0..1 for the jitter.
local function fail_attempt(job, failure, shape, chance)
  local rec = job.rec
  note_error(rec, failure, shape)
  job.ended = redis.call('HINCRBY', db.job .. rec.job_id, 'ended', 1)
  rec.losses = 0
  if not failure.retryable or rec.retry.kind == 'none' or rec.attempt >= rec.max_attempts then
    end_run(job, failure, failure.reason)
    return
  end
  rec.error, rec.run_at = failure, now + backoff_ms(rec.retry, rec.attempt, chance)
  bump('retried', rec)
  local before = clear_grant(job)
  move_job(job, 'scheduled', 'job_failed', failure.reason,
    ',"will_retry":true,"next_run_at":' .. text(rec.run_at), before)
end

local LOSSES_MAX = 2

-- The lease ran out, or the worker came back without the job. It runs again, but a job that takes its
-- worker down every time must not go round for ever.
local function lose(job, reason)
  local rec = job.rec
  rec.losses = rec.losses + 1
  if rec.losses > LOSSES_MAX then
    redis.call('HDEL', db.job .. rec.job_id, 'traceback')
    local failure = {type = 'Poison', message = 'lost with its worker ' .. rec.losses .. ' times in a row',
      retryable = false, reason = 'poison'}
    note_error(rec, failure, {fingerprint = 'poison', message = 'lost with its worker too often in a row'})
    end_run(job, failure, 'poison')
  else
    requeue(job, reason)
  end
end

-- A result under a grant that is not live: 'ack' repeats what was recorded, 'stale' otherwise. Whoever
-- sends a result has ended its handler, so its slot is free.
local function refuse_result(worker_id, job_id, fence)
  local job = load_job(job_id)
  if job and noted_fence(job, 'settled', fence) then return 'ack' end
  drop(worker_id, job_id, fence)
  if job and not noted_fence(job, 'revoked', fence) then
    emit('result_rejected', '"job_id":"' .. job_id .. '","worker_id":"' .. worker_id .. '","fence":' .. fence
      .. ',"job_type":"' .. job.rec.job_type .. '","priority":' .. job.rec.priority .. ',"reason":"stale"')
  end
  return 'stale'
end
