-- update_jobs: change the priority or the time of jobs that still wait.
--
-- include clock events metrics lanes jobs audit
-- arg job_ids json     strings
-- arg priority string  0..100, or empty: as it is
-- arg run_at string    Unix ms, 'now', or empty: as it is
-- arg actor string     who asked
--
-- Returns for each {'updated', record}, {'unknown'}, or what forbids it with the record:
-- {'not_waiting', record}, {'workflow_priority', record}. A change to what it was tells nothing.
-- O(jobs log n). Idempotent.

local priority = tonumber(arg.priority)
local run_at = arg.run_at == 'now' and now or tonumber(arg.run_at)
local done = {}

-- A time that the client chose is the job's place in line; a backoff's time never was.
local function reschedule(rec, workflow_id, at)
  rec.run_at = at
  if not workflow_id and rec.attempt == 0 then
    rec.order_key = string.format('%015.0f', at) .. string.sub(rec.order_key, 16)
  end
end

local function change(job, at)
  local rec = job.rec
  local old, before = rec.status, {}
  leave_status(job, old)
  if priority and priority ~= rec.priority then
    before[#before + 1] = '"priority":' .. rec.priority
    rec.priority = priority
  end
  if at and at ~= rec.run_at then
    if rec.run_at then before[#before + 1] = '"run_at":' .. text(rec.run_at) end
    reschedule(rec, job_terms(job).workflow_id, at)
    rec.status = at > now and 'scheduled' or 'pending'
  end
  if rec.status == 'pending' and old ~= 'pending' then become_pending(rec) end
  enter_status(job, rec.status)
  save_job(job)
  local kind = rec.status == old and 'job_updated' or 'job_status_changed'
  tell_job(kind, job, old, rec.status == old and 'updated' or 'rescheduled', nil, table.concat(before, ','))
end

local function update(job_id)
  local job = load_job(job_id)
  if not job then return {'unknown'} end
  local rec = job.rec
  if rec.status ~= 'pending' and rec.status ~= 'scheduled' then return {'not_waiting', job_json(job)} end
  if priority and job_terms(job).workflow_id and priority ~= rec.priority then
    return {'workflow_priority', job_json(job)}
  end
  -- A pending job is as "now" as can be, and keeps its place.
  local at = run_at
  if arg.run_at == 'now' and rec.status == 'pending' then at = nil end
  if (not at or at == rec.run_at) and (not priority or priority == rec.priority) then return {'updated', job_json(job)} end
  job.actor = arg.actor
  change(job, at)
  done[#done + 1] = job_id
  return {'updated', job.json}
end

local replies = {}
for index, job_id in ipairs(arg.job_ids) do replies[index] = update(job_id) end
note_jobs('update', done, (priority and ',"priority":' .. priority or '')
  .. (run_at and ',"run_at":' .. text(run_at) or ''))
return replies
