-- events: tell what happened, in the log and to subscribers; the only way in which anything is told.
--
-- key meta HASH      seq
-- key events STREAM  the event log; id is "<seq>-0"
-- key channel CHANNEL  "<epoch> <seq of the first>", then each event's JSON on a line of its own

local events = {}

-- kind: the event's type; members: its further JSON members, without braces.
-- The event is written at the end of the script; `seq` is its number from now on.
local function emit(kind, members)
  seq = seq + 1
  events[#events + 1] = '{"seq":' .. text(seq) .. ',"type":"' .. kind .. '","timestamp":' .. text(now) .. ','
    .. members .. '}'
end

finally[#finally + 1] = function()
  if #events == 0 then return end
  local first = seq - #events + 1
  redis.call('HSET', db.meta, 'seq', text(seq))
  for index, event in ipairs(events) do
    redis.call('XADD', db.events, 'MAXLEN', '~', stream_max, text(first + index - 1) .. '-0', 'e', event)
  end
  redis.call('PUBLISH', db.channel, epoch .. ' ' .. text(first) .. '\n' .. table.concat(events, '\n'))
end

local function member(name, value)
  return ',"' .. name .. '":' .. cjson.encode(value)
end

local function status_pair(old, new)
  return '"old_status":' .. (old and '"' .. old .. '"' or 'null') .. ',"new_status":'
    .. (new and '"' .. new .. '"' or 'null')
end
