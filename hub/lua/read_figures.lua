-- read_figures: rows of one group at one step, sealed ones and what is open yet, at one moment.
--
-- key closing HASH   closed: the last closed second
-- key sealed PREFIX  HASH "<step>:<shard>:<group>": start -> JSON {figure: count}
-- key open PREFIX    HASH "<step>:<start>": "<group>|<figure>" -> count
-- arg group string
-- arg step_s int
-- arg shard_s int   span of one hash
-- arg first int     the first bucket's start, Unix s
-- arg to int        buckets start before it
-- arg inner json    the steps whose open buckets add to the open one of this step, itself included; [] for seconds
--
-- Returns {closed second, {start, JSON, ...}, {{start, figure, count, ...}} of the open bucket or {}}.
-- O(buckets + figures of open buckets). Reads only.

local closed = tonumber(redis.call('HGET', db.closing, 'closed') or '0')
local rows = {}
local start = arg.first
while start < arg.to do
  local shard = start - start % arg.shard_s
  local starts = {}
  while start < arg.to and start < shard + arg.shard_s and #starts < 1000 do
    starts[#starts + 1] = string.format('%.0f', start)
    start = start + arg.step_s
  end
  local key = db.sealed .. arg.step_s .. ':' .. string.format('%.0f', shard) .. ':' .. arg.group
  for index, row in ipairs(redis.call('HMGET', key, unpack(starts))) do
    if row then
      rows[#rows + 1] = starts[index]
      rows[#rows + 1] = row
    end
  end
end

local now_open = closed + 1 - (closed + 1) % arg.step_s
local found = {}
if #arg.inner > 0 and now_open >= arg.first and now_open < arg.to then
  found[1] = string.format('%.0f', now_open)
  for _, step_s in ipairs(arg.inner) do
    local key = db.open .. step_s .. ':' .. string.format('%.0f', closed + 1 - (closed + 1) % step_s)
    local flat = redis.call('HGETALL', key)
    for index = 1, #flat, 2 do
      local group, figure = string.match(flat[index], '^(.*)|(.-)$')
      if group == arg.group then
        found[#found + 1] = figure
        found[#found + 1] = flat[index + 1]
      end
    end
  end
end
return {closed, rows, found}
