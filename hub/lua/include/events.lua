-- events: tell what happened, in the log and to subscribers; the only way in which anything is told.
--
-- key meta HASH      seq
-- key events STREAM  the event log; id is "<seq>-0"
-- key channel CHANNEL  "<epoch> <seq of the first>", then each event's JSON on a line of its own

local events = {}

-- Begin the event's JSON: what follows is its members, and the closing brace. `seq` is its number from now on;
-- the event is written at the end of the script.
local function begin_event(kind)
  seq = seq + 1
  return '{"seq":' .. text(seq) .. ',"type":"' .. kind .. '","timestamp":' .. text(now) .. ','
end

-- kind: the event's type; members: its further JSON members, without braces.
local function emit(kind, members)
  events[#events + 1] = begin_event(kind) .. members .. '}'
end

finally[#finally + 1] = function()
  local last = #events
  if last == 0 then return end
  local before = seq - last
  redis.call('HSET', db.meta, 'seq', text(seq))
  for index = 1, last - 1 do
    redis.call('XADD', db.events, text(before + index) .. '-0', 'e', events[index])
  end
  redis.call('XADD', db.events, 'MAXLEN', '~', stream_max, text(seq) .. '-0', 'e', events[last])
  redis.call('PUBLISH', db.channel, epoch .. ' ' .. text(before + 1) .. '\n' .. table.concat(events, '\n'))
end

local function member(name, value)
  return ',"' .. name .. '":' .. cjson.encode(value)
end

local function status_pair(old, new)
  return '"old_status":' .. (old and '"' .. old .. '"' or 'null') .. ',"new_status":'
    .. (new and '"' .. new .. '"' or 'null')
end
