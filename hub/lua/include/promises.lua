-- promises: whether a job is started by the time that its type's target promises.
--
-- include gather metrics
-- key due ZSET       "<job type> <job id>" of jobs that were not started yet, by due_at, Unix ms
-- key slo HASH       job type -> JSON {target_ms, objective}
-- key second PREFIX  HASH a second that is not closed

local targets = {} -- ms by job type, as this script has read them; false: none

local function target_of(job_type)
  if targets[job_type] == nil then
    local slo = redis.call('HGET', db.slo, job_type)
    targets[job_type] = slo and cjson.decode(slo).target_ms
  end
  return targets[job_type]
end

local function due_member(rec)
  return rec.job_type .. ' ' .. rec.job_id
end

-- A job becomes pending for the first time: the promise of its type, if there is one, starts to count.
local function promise(rec)
  local target_ms = target_of(rec.job_type)
  if target_ms then members_of(db.due)[due_member(rec)] = text(now + target_ms) end
end

-- Asked once a script: a hub without promises pays nothing for them.
local promised

local function has_promises()
  if promised == nil then promised = redis.call('EXISTS', db.due) == 1 end
  return promised
end

-- A started job met its promise; the figure belongs to the second in which the job was due.
local function keep_promise(rec)
  if not has_promises() then return end
  local due_at = redis.call('ZSCORE', db.due, due_member(rec))
  if not due_at then return end
  members_of(db.due)[due_member(rec)] = false
  redis.call('HINCRBY', db.second .. text(math.floor(due_at / 1000)), cell('slo_met', rec.job_type), 1)
end

local function forget_promise(rec)
  if has_promises() then members_of(db.due)[due_member(rec)] = false end
end
