-- job_store: jobs as a script holds them: read once, changed in memory, written once at its end.
--
-- include gather records indexes history
-- key job PREFIX  HASH a job: its record (records.lua), payload, result, traceback, requirements
--
-- A loaded job is {rec, lane, fixed, ended (attempts with an outcome), settled and revoked (fences)}. A script may
-- add `actor` (who asked for the move) and `left` (the grant that the move ends); history and event then name
-- them. What it puts into `unsaved` (fields and values in turn) is written with the record. Loaded twice, a
-- job is the same table.

local loaded_jobs = {}

local function load_job(job_id, with_payload)
  local job = loaded_jobs[job_id]
  if job then return job end
  local key = db.job .. job_id
  local values = with_payload and redis.call('HMGET', key, 'state', 'fixed', 'payload')
    or redis.call('HMGET', key, 'state', 'fixed')
  if not values[1] then return nil end
  job = read_state(job_id, values[1])
  job.fixed, job.payload, job.unsaved = values[2], values[3], {}
  note_indexed(job)
  loaded_jobs[job_id] = job
  return job
end

local function job_payload(job)
  return job.payload or redis.call('HGET', db.job .. job.rec.job_id, 'payload')
end

local function job_json(job)
  return record_json(job.rec, job.fixed)
end

local changed_jobs = {}

-- The record is written at the end of the script; `job.json` is what it is now.
local function save_job(job)
  job.rec.rev = job.rec.rev + 1
  if not job.json then changed_jobs[#changed_jobs + 1] = job end
  job.json = job_json(job)
  sync_indexes(job)
end

-- A job that is deleted must not be written again at the end.
local function unload_job(job)
  loaded_jobs[job.rec.job_id], job.gone = nil, true
end

finally[#finally + 1] = function()
  for _, job in ipairs(changed_jobs) do
    if not job.gone then
      local key = db.job .. job.rec.job_id
      redis.call('HSET', key, 'rec', job.json, 'state', write_state(job), unpack(job.unsaved))
      if job.transitions then write_history(job) end
    end
  end
end
