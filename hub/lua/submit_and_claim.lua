-- submit_and_claim: store a new job, and give a worker that waits the most urgent job that it fits: this one, as a rule.
--
-- include clock events metrics workers worker_changes lanes jobs grants claims submissions
-- arg jobs json             one, as submissions.lua takes it
-- arg lanes_max int
-- arg worker_id string
-- arg connection_id string  as claim_jobs takes it
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {what became of the job, what claim_jobs returns}; nothing is given unless the job is new.
-- O(log n). Idempotent with a key: a repeat stores and gives nothing.

local told = submit_all()[1]
if told[1] ~= 'created' then return {told, {}} end
local assignments = claim_new(loaded_jobs[arg.jobs[1].job_id], touch_worker(arg.worker_id))
if #assignments > 0 and assignments ~= 'refresh' then save_workers() end
return {told, assignments}
