-- reading: the time of a script that only reads.
--
-- `last_ms` of meta: the last time that a script saw. Before the first one wrote it is the server's time.

local function time_read(last_ms)
  if last_ms then return last_ms end
  local clock = redis.call('TIME')
  return clock[1] .. string.format('%03d', math.floor(clock[2] / 1000))
end
