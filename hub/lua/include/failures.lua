-- failures: an attempt ends without a result: the job is tried again, or its run is over.
--
-- include outcomes
-- key job PREFIX        HASH a job: traceback
-- key errors HASH       fingerprint -> JSON {error_type, message, first_at}
-- key errors_seen ZSET  fingerprints by when they were last seen, Unix ms

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
  local rec, terms = job.rec, job_terms(job)
  note_error(rec, failure, shape)
  job.ended = job.ended + 1
  rec.losses = 0
  if not failure.retryable or terms.retry.kind == 'none' or rec.attempt >= terms.max_attempts then
    end_run(job, failure, failure.reason)
    return
  end
  rec.error, rec.run_at = failure, now + backoff_ms(terms.retry, rec.attempt, chance)
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
