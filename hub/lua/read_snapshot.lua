-- read_snapshot: everything that a monitor starts from, exact at one sequence number.
--
-- include lists queues workers
-- key meta HASH         epoch, seq, last_ms
-- key counts HASH       jobs a state
-- key job_types SET     known job types
-- key workers ZSET      connected worker ids by last heartbeat
-- key offline ZSET      remembered worker ids by when they went
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

local workers = {}
local function add_workers(key)
  local room = arg.active - #workers / 2
  if room <= 0 then return end
  for _, worker_id in ipairs(redis.call('ZREVRANGE', key, 0, room - 1)) do
    workers[#workers + 1] = worker_json(load_worker(worker_id), held_job_ids(worker_id))
    workers[#workers + 1] = redis.call('ZSCORE', key, worker_id)
  end
end
add_workers(db.workers)
add_workers(db.offline)

local queues = {}
for index, job_type in ipairs(redis.call('SMEMBERS', db.job_types)) do
  queues[index] = '{' .. queue_members(job_type) .. '}'
end
return {meta[1], meta[2], meta[3] or '0', redis.call('HGETALL', db.counts), workers,
  redis.call('ZCARD', db.workers) + redis.call('ZCARD', db.offline), lists,
  '[' .. table.concat(queues, ',') .. ']', redis.call('LRANGE', db.stats, -arg.seconds, -1)}
