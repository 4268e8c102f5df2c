-- history: a job's transitions, all runs, the newest kept.
--
-- key history PREFIX  LIST a job: its transitions, JSON

local HISTORY_KEPT = 200

-- statuses, why: JSON members, the second with a leading comma.
local function remember(job, kind, statuses, why)
  local rec = job.rec
  local grant = job.left or rec
  local fence = grant.fence
  local transition = '{"at":' .. text(now) .. ',' .. statuses .. ',"run":' .. text(rec.run)
    .. ',"attempt":' .. text(rec.attempt)
    .. (fence and ',"worker_id":"' or '') .. (fence and grant.worker_id or '')
    .. (fence and '","fence":' or '') .. (fence or '') .. why
    .. (kind == 'job_failed' and member('error', rec.error) or '') .. '}'
  if job.transitions then
    job.transitions[#job.transitions + 1] = transition
  else
    job.transitions = {transition}
  end
end

-- Written with the record, at the end of the script.
local function write_history(job)
  local key = db.history .. job.rec.job_id
  if redis.call('RPUSH', key, unpack(job.transitions)) > HISTORY_KEPT then
    redis.call('LTRIM', key, -HISTORY_KEPT, -1)
  end
end
