-- purge_jobs: forget finished jobs before their time.
--
-- include relief clock events metrics lanes jobs forget audit
-- arg job_ids json  strings
-- arg key_ms int    an idempotency key lives at least this long
-- arg actor string  who asked
--
-- Returns for each {'purged', record}, {'live', record} when the run is not over, or {'unknown'}.
-- O(jobs log n). Idempotent.

local done = {}

local function purge(job_id)
  local job = load_job(job_id)
  if not job then return {'unknown'} end
  if GAUGES[job.rec.status] then return {'live', job_json(job)} end
  job.actor = arg.actor
  forget(job, 'purged')
  done[#done + 1] = job_id
  return {'purged', job_json(job)}
end

local replies = {}
for index, job_id in ipairs(arg.job_ids) do replies[index] = purge(job_id) end
note_jobs('purge', done)
return replies
