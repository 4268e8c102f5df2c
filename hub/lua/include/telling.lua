-- telling: the figures of a closed second as an event, with the queues and counts as they are now.
--
-- include events percentiles
-- key counts HASH    jobs a state
-- key job_types SET  known job types
-- key waiting PREFIX ZSET a job type: job ids by pending_at
-- key workers ZSET   connected worker ids
-- key stats LIST     a JSON object a second with changes
-- borrow stats_kept  how many of those

-- The job types that wait, as JSON, and since when the longest of them does.
local function queues_json()
  local items, oldest = {}, nil
  for _, job_type in ipairs(redis.call('SMEMBERS', db.job_types)) do
    local key = db.waiting .. job_type
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if first then
      items[#items + 1] = '{"job_type":' .. cjson.encode(job_type) .. ',"pending":' .. redis.call('ZCARD', key)
        .. ',"oldest_pending_at":' .. first .. '}'
      if not oldest or tonumber(first) < tonumber(oldest) then oldest = first end
    end
  end
  return '[' .. table.concat(items, ',') .. ']', oldest or 'null'
end

local function counts_json()
  local flat, items = redis.call('HGETALL', db.counts), {}
  for index = 1, #flat, 2 do items[#items + 1] = '"' .. flat[index] .. '":' .. flat[index + 1] end
  return '{' .. table.concat(items, ',') .. '}'
end

-- Tell the figures of a closed second to everybody, and keep them for a page that opens.
local function tell(second, row)
  local queues, oldest_pending_at = queues_json()
  local figures = '"second":' .. text(second)
  for _, name in ipairs({'submitted', 'started', 'completed', 'failed', 'cancelled', 'retried'}) do
    figures = figures .. ',"' .. name .. '":' .. text(row[name] or 0)
  end
  figures = figures .. ',"wait":' .. percentiles_json(row, 'wait') .. ',"run":' .. percentiles_json(row, 'run')
    .. ',"busy":' .. (row.busy_ms or 0) / 1000 .. ',"offered":' .. (row.offered_ms or 0) / 1000
    .. ',"workers":' .. redis.call('ZCARD', db.workers) .. ',"oldest_pending_at":' .. oldest_pending_at
  emit('system_stats', figures .. ',"counts":' .. counts_json() .. ',"queues":' .. queues)
  redis.call('RPUSH', db.stats, '{' .. figures .. '}')
  redis.call('LTRIM', db.stats, -arg.stats_kept, -1)
end
