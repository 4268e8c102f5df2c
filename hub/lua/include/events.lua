-- events: append one event to the log and publish it; the only way in which anything is told.
--
-- key meta HASH      seq
-- key events STREAM  the event log; id is "<seq>-0"
-- key channel CHANNEL  "<epoch> <seq> <event JSON>"

-- kind: the event's type; members: its further JSON members, without braces.
local function emit(kind, members)
  local seq = text(redis.call('HINCRBY', db.meta, 'seq', 1))
  local event = '{"seq":' .. seq .. ',"type":"' .. kind .. '","timestamp":' .. text(now) .. ',' .. members .. '}'
  redis.call('XADD', db.events, 'MAXLEN', '~', stream_max, seq .. '-0', 'e', event)
  redis.call('PUBLISH', db.channel, epoch .. ' ' .. seq .. ' ' .. event)
end

local function member(name, value)
  return ',"' .. name .. '":' .. cjson.encode(value)
end

local function status_pair(old, new)
  return '"old_status":' .. cjson.encode(old or cjson.null) .. ',"new_status":' .. cjson.encode(new or cjson.null)
end
