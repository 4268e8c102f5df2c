-- close_seconds: make rows of finished seconds, roll them up, and tell each that had changes; once, whoever calls.
--
-- include clock events metrics percentiles rollup closing totals
-- key second PREFIX HASH a second that is not closed
-- key closing HASH   closed (last closed second), told (seq of the last system_stats)
-- key counts HASH    jobs a state
-- key job_types SET  known job types
-- key waiting PREFIX ZSET a job type: job ids by pending_at
-- key workers ZSET   connected worker ids
-- key stats LIST     a JSON object a second with changes
-- arg limit int        seconds with figures a call, and broken promises a second
-- arg stats_kept int
-- arg bounds_ms json  ascending; where the buckets of the scraped histograms end
--
-- Returns how many seconds were closed. O(limit x figures). Idempotent.

-- Older seconds were closed by nobody because no hub ran: they have what was noted, but no levels.
local LEVELS_HELD_S = 3600
local BARE_SECOND = 1 / 64 -- what an empty one costs of the limit

local state = redis.call('HMGET', db.closing, 'closed', 'told')
-- Data that is older than the figures does not say what was closed: they begin now.
local closed, told = tonumber(state[1]) or this_second - 1, tonumber(state[2])

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
  told = seq
end

-- Whether nothing was noted in a second of the past, and nothing holds on from the one before.
local function is_bare(second, recent)
  if second == this_second - 1 or (recent and next(levels)) then return false end
  return redis.call('EXISTS', db.second .. text(second)) == 0
end

local function close(second)
  local recent = second > this_second - LEVELS_HELD_S
  if is_bare(second, recent) then return BARE_SECOND end
  local rows, changed = rows_of(second, recent)
  seal_rows(1, second, rows)
  count_rows(rows)
  if changed or (second == this_second - 1 and seq ~= told) then
    tell(second, rows.all or {})
  end
  return 1
end

read_levels()
local second, budget = closed, arg.limit
while second < this_second - 1 and budget > 0 and break_promises(second + 1, arg.limit) do
  second = second + 1
  budget = budget - close(second)
  seal_ended(second)
end
if second > closed or not state[1] then
  redis.call('HSET', db.closing, 'closed', text(second), 'told', told and text(told) or '')
  write_levels()
end
return second - closed
