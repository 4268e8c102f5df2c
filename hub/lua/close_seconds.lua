-- close_seconds: roll finished seconds up into their minutes and tell each that had changes, once, whoever calls.
--
-- include clock events metrics percentiles
-- key second PREFIX  HASH a second
-- key minute PREFIX  HASH a minute, by its first second; the sums of its seconds
-- key levels HASH    closed (last closed second), busy, offered, pending at its end; told (seq of the last system_stats)
-- key counts HASH    jobs a state
-- key job_types SET  known job types
-- key waiting PREFIX ZSET a job type: job ids by pending_at
-- key workers ZSET   connected worker ids
-- key stats LIST     a JSON object a second with changes
-- key meta HASH      seq
-- arg limit int      seconds a call
-- arg stats_kept int
-- arg second_ttl_s int
-- arg minute_ttl_s int
--
-- Returns how many seconds were closed. O(limit x bins). Idempotent.

local state = redis.call('HMGET', db.levels, 'closed', 'busy', 'offered', 'pending', 'told')
local closed = tonumber(state[1]) or this_second - 1
local busy, offered = tonumber(state[2] or '0'), tonumber(state[3] or '0')
local pending, told = tonumber(state[4] or '0'), state[5]
local last = math.min(this_second - 1, closed + arg.limit)

local function read_second(second)
  local fields, flat = {}, redis.call('HGETALL', db.second .. text(second))
  for index = 1, #flat, 2 do fields[flat[index]] = tonumber(flat[index + 1]) end
  return fields, #flat > 0
end

local function roll_up(second, fields)
  local key = db.minute .. text(second - second % 60)
  for field, value in pairs(fields) do
    if not string.find(field, '_shift$') and field ~= 'pending_max' then
      redis.call('HINCRBY', key, field, text(value))
    end
  end
  if fields.pending_max > tonumber(redis.call('HGET', key, 'pending_max') or '-1') then
    redis.call('HSET', key, 'pending_max', text(fields.pending_max))
  end
  redis.call('EXPIRE', key, arg.minute_ttl_s)
  redis.call('EXPIRE', db.second .. text(second), arg.second_ttl_s)
end

local function oldest_pending_at()
  local oldest
  for _, job_type in ipairs(redis.call('SMEMBERS', db.job_types)) do
    local first = tonumber(redis.call('ZRANGE', db.waiting .. job_type, 0, 0, 'WITHSCORES')[2])
    if first and (not oldest or first < oldest) then oldest = first end
  end
  return oldest and text(oldest) or 'null'
end

local function counts_json()
  local flat, items = redis.call('HGETALL', db.counts), {}
  for index = 1, #flat, 2 do items[#items + 1] = '"' .. flat[index] .. '":' .. flat[index + 1] end
  return '{' .. table.concat(items, ',') .. '}'
end

local function tell(second, fields)
  local figures = '"second":' .. text(second)
  for _, name in ipairs({'submitted', 'started', 'completed', 'failed', 'cancelled', 'retried'}) do
    figures = figures .. ',"' .. name .. '":' .. text(fields[name] or 0)
  end
  figures = figures .. ',"wait":' .. percentiles_json(fields, 'wait') .. ',"run":' .. percentiles_json(fields, 'run')
    .. ',"busy":' .. fields.busy_ms / 1000 .. ',"offered":' .. fields.offered_ms / 1000
    .. ',"workers":' .. redis.call('ZCARD', db.workers) .. ',"oldest_pending_at":' .. oldest_pending_at()
  emit('system_stats', figures .. ',"counts":' .. counts_json())
  redis.call('RPUSH', db.stats, '{' .. figures .. '}')
  redis.call('LTRIM', db.stats, -arg.stats_kept, -1)
  told = redis.call('HGET', db.meta, 'seq')
end

for second = closed + 1, last do
  local fields, changed = read_second(second)
  fields.busy_ms = busy * 1000 + (fields.busy_ms or 0)
  fields.offered_ms = offered * 1000 + (fields.offered_ms or 0)
  busy, offered = busy + (fields.busy_shift or 0), offered + (fields.offered_shift or 0)
  fields.pending_max = fields.pending_max or pending
  pending = tonumber(redis.call('HGET', db.counts, 'pending') or '0')
  if changed or fields.offered_ms > 0 or fields.pending_max > 0 then roll_up(second, fields) end
  if changed or (second == last and redis.call('HGET', db.meta, 'seq') ~= told) then tell(second, fields) end
end
if last > closed or not state[1] then
  redis.call('HSET', db.levels, 'closed', text(last), 'busy', text(busy), 'offered', text(offered),
    'pending', text(pending), 'told', told or '')
end
return last - closed
