-- read_snapshot: everything that a monitor starts from, exact at one sequence number.
--
-- include lists queues fleet reading
-- key meta HASH         epoch, seq, last_ms
-- key counts HASH       jobs a state
-- key job_types SET     known job types
-- key stats LIST        a JSON object a closed second, oldest first
-- arg window int        rows of a list at most
-- arg active int        rows of the active list, and workers, at most
-- arg seconds int       seconds of the series
--
-- Returns {epoch, seq, last_ms, flat counts, {worker JSON, heartbeat, ...}, workers there are,
-- lists in the order pending, scheduled, active, completed, failed, cancelled, queues JSON, stats}.
-- O(rows + workers + job types). Reads only.

local meta = redis.call('HMGET', db.meta, 'epoch', 'seq', 'last_ms')
local lists = {}
for index, name in ipairs({'pending', 'scheduled', 'active', 'completed', 'failed', 'cancelled'}) do
  lists[index] = list_rows(name, name == 'active' and arg.active or arg.window)
end

local workers, workers_known = read_fleet(arg.active)
local queues = {}
for index, job_type in ipairs(redis.call('SMEMBERS', db.job_types)) do
  queues[index] = '{' .. queue_members(job_type) .. '}'
end
return {meta[1], meta[2], time_read(meta[3]), redis.call('HGETALL', db.counts), workers, workers_known, lists,
  '[' .. table.concat(queues, ',') .. ']', redis.call('LRANGE', db.stats, -arg.seconds, -1)}
