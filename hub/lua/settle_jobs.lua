-- settle_jobs: record what a worker says of its grants, in order, and fill the slots that this frees.
--
-- include clock events metrics workers worker_changes lanes jobs grants failures reports
-- arg worker_id string
-- arg reports json   {of, job_id, fence as string, ...} as reports.lua takes them; of: the message's type
-- arg claim int      jobs wanted next; 0: none
-- arg connection_id string  as claim_jobs takes it
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {verdicts, assignments}: 'ack' or 'stale' for each report, and what claim_jobs returns.
-- O((reports + claim) log n). A repeat under the winning fence is 'ack' and writes nothing.

local verdicts, fences = {}, {}
for index, report in ipairs(arg.reports) do fences[index] = report.fence end
read_grants(arg.worker_id, fences)
for index, report in ipairs(arg.reports) do verdicts[index] = reports[report.of](report) end
-- Read, not touched: a repeat that is given nothing changes no worker, so nothing is told.
local worker = changed_workers[arg.worker_id] or load_worker(arg.worker_id)
local assignments = arg.claim > 0 and claim(worker, arg.claim) or {}
save_workers()
return {verdicts, assignments}
