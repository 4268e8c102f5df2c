-- outcomes: what becomes of a job whose grant ends, and which fences are remembered for late results.

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
