-- cancel_jobs: end runs now, for everybody who looks; a worker that has a job keeps its slot until it lets go.
--
-- include clock events metrics workers lanes jobs grants outcomes audit
-- arg job_ids json  strings
-- arg actor string  who asked
--
-- Returns for each {'cancelled', record}, {'final', record} when the run is over, or {'unknown'}.
-- O(jobs log n). Idempotent.

local done = {}

local function cancel(job_id)
  local job = load_job(job_id)
  if not job then return {'unknown'} end
  if not GAUGES[job.rec.status] then return {'final', job_json(job)} end
  if job.rec.fence then revoke(job) end
  job.actor = arg.actor
  move_job(job, 'cancelled', 'job_status_changed', 'cancelled')
  done[#done + 1] = job_id
  return {'cancelled', job.json}
end

local replies = {}
for index, job_id in ipairs(arg.job_ids) do replies[index] = cancel(job_id) end
note_jobs('cancel', done)
return replies
