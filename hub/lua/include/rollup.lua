-- rollup: rows of figures, a group and a bucket each: seconds add up to a minute, minutes to a quarter, on to hours and days.
--
-- key open PREFIX    HASH "<step>:<start>", a bucket that is not over: "<group>|<figure>" -> count
-- key sealed PREFIX  HASH "<step>:<shard>:<group>": start -> JSON {figure: count}
--
-- Sums and histograms add, pending_max takes the highest, so rows merge exactly at every step.

local STEPS = { -- shard_s: span of one hash; kept_s: its life from the last write
  {step_s = 1, shard_s = 600, kept_s = 4200},
  {step_s = 60, shard_s = 86400, kept_s = 8 * 86400},
  {step_s = 900, shard_s = 30 * 86400, kept_s = 430 * 86400},
  {step_s = 3600, shard_s = 100 * 86400, kept_s = 430 * 86400},
  {step_s = 86400, shard_s = 400 * 86400, kept_s = 800 * 86400},
}

local function add_figure(row, figure, count)
  if figure == 'pending_max' then
    row[figure] = math.max(row[figure] or 0, count)
  else
    row[figure] = (row[figure] or 0) + count
  end
end

local function add_to_open(step, second, group, row)
  local key = db.open .. step.step_s .. ':' .. text(second - second % step.step_s)
  for figure, count in pairs(row) do
    local field = group .. '|' .. figure
    if figure ~= 'pending_max' then
      redis.call('HINCRBY', key, field, text(count))
    elseif count > tonumber(redis.call('HGET', key, field) or '-1') then
      redis.call('HSET', key, field, text(count))
    end
  end
end

-- A bucket is over: keep its rows, and add them to the bucket that holds it.
local function seal_rows(level, start, rows)
  local step, above = STEPS[level], STEPS[level + 1]
  for group, row in pairs(rows) do
    local key = db.sealed .. step.step_s .. ':' .. text(start - start % step.shard_s) .. ':' .. group
    redis.call('HSET', key, text(start), cjson.encode(row))
    redis.call('EXPIRE', key, step.kept_s)
    if above then add_to_open(above, start, group, row) end
  end
end

local function open_rows(key)
  local rows, flat = {}, redis.call('HGETALL', key)
  for index = 1, #flat, 2 do
    local group, figure = string.match(flat[index], '^(.*)|(.-)$')
    rows[group] = rows[group] or {}
    rows[group][figure] = tonumber(flat[index + 1])
  end
  return rows
end

-- `second` is closed: seal every longer bucket that ends with it.
local function seal_ended(second)
  for level = 2, #STEPS do
    local step_s = STEPS[level].step_s
    if (second + 1) % step_s ~= 0 then return end
    local start = second + 1 - step_s
    local key = db.open .. step_s .. ':' .. text(start)
    seal_rows(level, start, open_rows(key))
    redis.call('DEL', key)
  end
end

-- Forget the rows of a group that had none for a day: its seconds are gone by then. What `all` holds of it stays.
local function drop_rows(group, second)
  for level = 2, #STEPS do
    local step = STEPS[level]
    local start = second - step.kept_s - step.shard_s
    for shard = start - start % step.shard_s, second, step.shard_s do
      redis.call('DEL', db.sealed .. step.step_s .. ':' .. text(shard) .. ':' .. group)
    end
  end
end
