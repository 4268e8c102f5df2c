-- metrics: the bucket of the current second; `close_seconds` rolls it up.
--
-- key second PREFIX  HASH a second: counters, `<axis>:<bin>` histograms, level changes
--
-- A histogram bin i holds values in (G^(i-1), G^i] ms with G = 1.02/0.98, so a bin's middle is
-- within 2 % of every value in it (DDSketch, VLDB 2019); bin 0 also holds what is under 1 ms.

local LOG_G = math.log(1.02 / 0.98)
local this_second = math.floor(now / 1000)
local bucket = db.second .. text(this_second)

local function bump(field, by)
  return redis.call('HINCRBY', bucket, field, text(by or 1))
end

local function observe(axis, ms)
  local bin = ms > 1 and math.ceil(math.log(ms) / LOG_G) or 0
  bump(axis .. ':' .. bin)
end

-- A level (busy or offered slots) changes by `delta` now: its integral over the rest of this
-- second changes with it, and the next second starts from the new level.
local function shift_level(axis, delta)
  if delta == 0 then return end
  bump(axis .. '_ms', delta * ((this_second + 1) * 1000 - now))
  bump(axis .. '_shift', delta)
end

local function raise_max(field, value)
  local highest = tonumber(redis.call('HGET', bucket, field) or '-1')
  if value > highest then redis.call('HSET', bucket, field, text(value)) end
end
