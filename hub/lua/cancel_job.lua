-- cancel_job: end a job's run now, for everybody who looks; a worker that has it keeps its slot until it lets go.
--
-- include clock events metrics workers lanes jobs grants outcomes
-- arg job_id string
-- arg actor string  who asked
--
-- Returns {'cancelled', record}, {'final', record} when the run is over, or {'unknown'}.
-- O(log n). Idempotent.

local job = load_job(arg.job_id)
if not job then return {'unknown'} end
local status = job.rec.status
if not GAUGES[status] then return {'final', job_json(job)} end
if job.rec.fence then revoke(job) end
move_job(job, 'cancelled', 'job_status_changed', 'cancelled', member('actor', arg.actor))
return {'cancelled', job.json}
