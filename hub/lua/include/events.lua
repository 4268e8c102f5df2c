-- events: tell what happened, in the log and to subscribers; the only way in which anything is told.
--
-- key meta HASH      seq
-- key events STREAM  the event log; id is "<seq>-0"
-- key channel CHANNEL  "<epoch> <seq of the first>", then each event's JSON on a line of its own

local events = {}

-- kind: the event's type; members: its further JSON members in two parts, without braces.
-- The event is written at the end of the script; `seq` is its number from now on.
local function emit(kind, members, more)
  seq = seq + 1
  events[#events + 1] = '{"seq":' .. string.format('%d', seq) .. ',"type":"' .. kind .. '","timestamp":' .. text(now)
    .. ',' .. members .. (more or '') .. '}'
end

finally[#finally + 1] = function()
  local last = #events
  if last == 0 then return end
  local before = seq - last
  redis.call('HSET', db.meta, 'seq', text(seq))
  for index = 1, last - 1 do
    redis.call('XADD', db.events, string.format('%d-0', before + index), 'e', events[index])
  end
  redis.call('XADD', db.events, 'MAXLEN', '~', stream_max, string.format('%d-0', seq), 'e', events[last])
  redis.call('PUBLISH', db.channel, epoch .. ' ' .. text(before + 1) .. '\n' .. table.concat(events, '\n'))
end

local function member(name, value)
  return ',"' .. name .. '":' .. cjson.encode(value)
end

local status_pairs = {} -- by old and new state: many moves of a script are the same

local function status_pair(old, new)
  local known = status_pairs[old or '']
  if not known then
    known = {}
    status_pairs[old or ''] = known
  end
  local found = known[new or '']
  if not found then
    found = '"old_status":' .. (old and '"' .. old .. '"' or 'null') .. ',"new_status":'
      .. (new and '"' .. new .. '"' or 'null')
    known[new or ''] = found
  end
  return found
end
