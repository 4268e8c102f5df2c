-- jobs: read and write a job's record, and move it: indexes, counts, history and event in one place.
--
-- include gather records indexes
-- key job PREFIX        HASH a job: its record (records.lua), payload, result, traceback, requirements,
--                       lane, ended (attempts with an outcome), settled and revoked (fences)
-- key history PREFIX    LIST a job: its transitions, JSON, all runs, the newest kept
-- key counts HASH       jobs a state; final ones cumulative; kept
-- key scheduled ZSET    job ids by run_at
-- key active ZSET       job ids by assigned_at
-- key timeouts ZSET     job ids by the end of their attempt's time
-- key finished PREFIX   ZSET a final state: job ids by finished_at
--
-- A loaded job is {rec, requirements, lane, ended, settled, revoked}. A script may add `actor` (who
-- asked for the move) and `left` (the grant that the move ends); history and event then name them. What
-- it puts into `unsaved` (fields and values in turn) is written with the record. Loaded twice, a job is
-- the same table.

local GAUGES = {scheduled = true, pending = true, assigned = true, in_progress = true}
local HISTORY_KEPT = 200

local loaded_jobs = {}

local function load_job(job_id)
  if loaded_jobs[job_id] then return loaded_jobs[job_id] end
  local values = redis.call('HMGET', db.job .. job_id, 'state', 'fixed', 'requirements', 'lane', 'ended', 'settled',
    'revoked')
  if not values[1] then return nil end
  local rec = read_record(values[1])
  local job = {rec = rec, fixed = values[2], requirements = values[3], lane = values[4],
    ended = tonumber(values[5] or '0'), settled = values[6] or '', revoked = values[7] or '',
    indexed = indexed_facts(rec), unsaved = {}}
  loaded_jobs[job_id] = job
  return job
end

local function job_json(job)
  return record_json(job.rec, job.fixed)
end

-- The record is written at the end of the script, once; `job.json` is what it is now.
local changed_jobs, pushes = {}, {}

local function save_job(job)
  job.rec.rev = job.rec.rev + 1
  job.json = job_json(job)
  changed_jobs[job] = true
  sync_indexes(job)
end

finally[#finally + 1] = function()
  for job in pairs(changed_jobs) do
    redis.call('HSET', db.job .. job.rec.job_id, 'rec', job.json, 'state', cmsgpack.pack(job.rec), unpack(job.unsaved))
  end
  for key, entries in pairs(pushes) do
    if redis.call('RPUSH', key, unpack(entries)) > HISTORY_KEPT then redis.call('LTRIM', key, -HISTORY_KEPT, -1) end
  end
end

local function remember(job, kind, old, reason)
  local rec = job.rec
  local grant = job.left or rec
  local entry = '{"at":' .. text(now) .. ',' .. status_pair(old, rec.status) .. ',"run":' .. text(rec.run)
    .. ',"attempt":' .. text(rec.attempt)
    .. (grant.worker_id and ',"worker_id":"' .. grant.worker_id .. '","fence":' .. grant.fence or '')
    .. (reason and member('reason', reason) or '') .. (job.actor and member('actor', job.actor) or '')
    .. (kind == 'job_failed' and member('error', rec.error) or '') .. '}'
  local key = db.history .. rec.job_id
  local entries = pushes[key] or {}
  entries[#entries + 1] = entry
  pushes[key] = entries
end

-- A job that is deleted must not be written again at the end.
local function unload_job(job)
  local job_id = job.rec.job_id
  loaded_jobs[job_id], changed_jobs[job], pushes[db.history .. job_id] = nil, nil, nil
end

-- Tell a change of the saved record. `old` is the state before, nil for a new job; `before` holds
-- members of "old", already JSON.
local function tell_job(kind, job, old, reason, members, before)
  emit(kind, '"job_id":"' .. job.rec.job_id .. '",' .. status_pair(old, job.rec.status)
    .. (reason and member('reason', reason) or '') .. (job.actor and member('actor', job.actor) or '')
    .. (members or '') .. (before and before ~= '' and ',"old":{' .. before .. '}' or '') .. ',"job":' .. job.json)
  remember(job, kind, old, reason)
  job.left = nil
end

local function leave_status(job, status)
  local job_id = job.rec.job_id
  if status == 'pending' then
    leave_lane(job)
  elseif status == 'scheduled' then
    remove_member(db.scheduled, job_id)
  elseif status == 'assigned' or status == 'in_progress' then
    remove_member(db.active, job_id)
    remove_member(db.timeouts, job_id)
  else
    remove_member(db.finished .. status, job_id)
    add(db.counts, 'kept', -1)
  end
  if GAUGES[status] then
    add(db.counts, status, -1)
    if status == 'pending' then shift_pending(job.rec.job_type, -1) end
  end
end

local function become_pending(rec)
  if not rec.pending_at then promise(rec) end
  rec.pending_at = now
end

local function enter_status(job, status)
  local rec = job.rec
  add(db.counts, status, 1)
  if status == 'pending' then
    join_lane(job)
    shift_pending(rec.job_type, 1)
  elseif status == 'scheduled' then
    put_member(db.scheduled, rec.job_id, text(rec.run_at))
  elseif status == 'assigned' or status == 'in_progress' then
    put_member(db.active, rec.job_id, text(rec.assigned_at))
  else
    put_member(db.finished .. status, rec.job_id, text(now))
    add(db.counts, 'kept', 1)
    rec.finished_at = now
    rec.run_ms = rec.started_at and now - rec.started_at
    bump(status, rec)
    forget_promise(rec)
    if status ~= 'cancelled' then
      observe('turnaround', now - rec.created_at, rec)
      if rec.run_ms then observe('run', rec.run_ms, rec) end
    end
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
