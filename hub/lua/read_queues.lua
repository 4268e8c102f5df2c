-- read_queues: what waits of each job type.
--
-- include queues
-- key job_types SET    known job types
-- arg job_type string  one type, or empty for all
--
-- Returns {JSON, ...} in the order of names; nothing for a type that was never seen. O(job types + lanes).
-- Reads only.

local job_types = {arg.job_type}
if arg.job_type == '' then
  job_types = redis.call('SMEMBERS', db.job_types)
  table.sort(job_types)
elseif redis.call('SISMEMBER', db.job_types, arg.job_type) == 0 then
  job_types = {}
end
local queues = {}
for index, job_type in ipairs(job_types) do queues[index] = '{' .. queue_members(job_type) .. '}' end
return queues
