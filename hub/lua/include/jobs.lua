-- jobs: move a job: indexes, counts, figures, history and event in one place.
--
-- include gather job_store promises
-- key counts HASH       jobs a state; final ones cumulative; kept
-- key scheduled ZSET    job ids by run_at
-- key active ZSET       job ids by assigned_at
-- key timeouts ZSET     job ids by the end of their attempt's time
-- key finished PREFIX   ZSET a final state: job ids by finished_at

local GAUGES = {scheduled = true, pending = true, assigned = true, in_progress = true}

local counts, active, timeouts = sums_of(db.counts), members_of(db.active), members_of(db.timeouts)

local function count(status, by)
  counts[status] = (counts[status] or 0) + by
end

local whys = {}

local function why_member(reason)
  if not reason then return '' end
  if not whys[reason] then whys[reason] = member('reason', reason) end
  return whys[reason]
end

-- Tell a change of the saved record. `old` is the state before, nil for a new job; `before` holds
-- members of "old", already JSON.
local function tell_job(kind, job, old, reason, members, before)
  local statuses, why = status_pair(old, job.rec.status), why_member(reason)
  if job.actor then why = why .. member('actor', job.actor) end
  emit(kind, '"job_id":"' .. job.rec.job_id .. '",' .. statuses .. why .. (members or '')
    .. (before and before ~= '' and ',"old":{' .. before .. '}' or '') .. ',"job":', job.json)
  remember(job, kind, statuses, why)
  job.left = nil
end

local function leave_status(job, status)
  local job_id = job.rec.job_id
  if GAUGES[status] then count(status, -1) end
  if status == 'pending' then
    leave_lane(job)
    shift_pending(job.rec.job_type, -1)
  elseif status == 'scheduled' then
    members_of(db.scheduled)[job_id] = false
  elseif status == 'assigned' or status == 'in_progress' then
    active[job_id], timeouts[job_id] = false, false
  else
    members_of(db.finished .. status)[job_id] = false
    count('kept', -1)
  end
end

local function become_pending(rec)
  if not rec.pending_at then promise(rec) end
  rec.pending_at = now
end

local function finish(job, status)
  local rec = job.rec
  members_of(db.finished .. status)[rec.job_id] = text(now)
  count('kept', 1)
  rec.finished_at = now
  rec.run_ms = rec.started_at and now - rec.started_at
  bump(status, rec)
  forget_promise(rec)
  if status ~= 'cancelled' then
    observe('turnaround', now - rec.created_at, rec)
    if rec.run_ms then observe('run', rec.run_ms, rec) end
  end
end

local function enter_status(job, status)
  local rec = job.rec
  count(status, 1)
  if status == 'pending' then
    join_lane(job)
    shift_pending(rec.job_type, 1)
  elseif status == 'scheduled' then
    members_of(db.scheduled)[rec.job_id] = text(rec.run_at)
  elseif status == 'assigned' or status == 'in_progress' then
    active[rec.job_id] = text(rec.assigned_at)
  else
    finish(job, status)
  end
end

-- Move a job: everything that its state implies, in one place. Change other fields first, but not
-- those that place a pending job (priority, order_key).
local function move_job(job, status, kind, reason, members, before)
  local old = job.rec.status
  leave_status(job, old)
  job.rec.status = status
  if status == 'pending' then become_pending(job.rec) end
  enter_status(job, status)
  save_job(job)
  tell_job(kind, job, old, reason, members, before)
end
