-- history: a job's transitions, all runs, the newest kept.
--
-- key history PREFIX  LIST a job: its transitions, JSON

local HISTORY_KEPT = 200

local pushes = {} -- entries by job id

-- statuses, why: JSON members, the second with a leading comma.
local function remember(job, kind, statuses, why)
  local rec = job.rec
  local grant = job.left or rec
  local entry = '{"at":' .. text(now) .. ',' .. statuses .. ',"run":' .. text(rec.run)
    .. ',"attempt":' .. text(rec.attempt)
    .. (grant.worker_id and ',"worker_id":"' .. grant.worker_id .. '","fence":' .. grant.fence or '') .. why
    .. (kind == 'job_failed' and member('error', rec.error) or '') .. '}'
  local entries = pushes[rec.job_id]
  if entries then
    entries[#entries + 1] = entry
  else
    pushes[rec.job_id] = {entry}
  end
end

-- A job that is deleted leaves no history behind.
local function unremember(job_id)
  pushes[job_id] = nil
end

finally[#finally + 1] = function()
  for job_id, entries in pairs(pushes) do
    local key = db.history .. job_id
    if redis.call('RPUSH', key, unpack(entries)) > HISTORY_KEPT then redis.call('LTRIM', key, -HISTORY_KEPT, -1) end
  end
end
