-- settle_jobs: record what a worker says of its grants, in order, and fill the slots that this frees.
--
-- include clock events metrics workers worker_changes lanes jobs grants claims failures reports
-- arg worker_id string
-- arg reports msgpack  for each in turn: the message's type, then what reports.lua takes; false: nothing
-- arg claim int      jobs wanted next; 0: none
-- arg connection_id string  as claim_jobs takes it
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {verdicts, assignments}: 'ack' or 'stale' for each report, and what claim_jobs returns.
-- O((reports + claim) log n). A repeat under the winning fence is 'ack' and writes nothing.

local verdicts = {}
local told = arg.reports
for index = 1, #told, 4 do
  verdicts[#verdicts + 1] = reports[told[index]](told[index + 1], told[index + 2], told[index + 3])
end
-- Read, not touched: a repeat that is given nothing changes no worker, so nothing is told.
local worker = changed_workers[arg.worker_id] or load_worker(arg.worker_id)
local assignments = arg.claim > 0 and claim(worker, arg.claim) or {}
save_workers()
return {verdicts, assignments}
