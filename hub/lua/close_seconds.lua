-- close_seconds: make rows of finished seconds, roll them up, and tell each that had changes; once, whoever calls.
--
-- include clock events metrics groups closing totals telling
-- key second PREFIX HASH a second that is not closed
-- key closing HASH   closed (last closed second), told (seq of the last system_stats), hours (the second from which rows
--                    of hours are whole), hours_closed (the last second closed by a hub that makes them)
-- arg limit int        seconds with figures a call, and broken promises a second
-- arg stats_kept int
-- arg bounds_ms json  ascending; where the buckets of the scraped histograms end
--
-- Returns how many seconds were closed. O(limit x figures). Idempotent.

-- Older seconds were closed by nobody because no hub ran: they have what was noted, but no levels.
local LEVELS_HELD_S = 3600
local BARE_SECOND = 1 / 64 -- what an empty one costs of the limit

local state = redis.call('HMGET', db.closing, 'closed', 'told', 'hours', 'hours_closed')
-- Data that is older than the figures does not say what was closed: they begin now.
local closed, told = tonumber(state[1]) or this_second - 1, tonumber(state[2])
-- A hub of a version that made no rows of hours closed the seconds before, or none did: the next hour is whole.
local hours = state[4] == state[1] and state[3] or text(math.ceil((closed + 1) / 3600) * 3600)

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
    told = seq
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
  redis.call('HSET', db.closing, 'closed', text(second), 'told', told and text(told) or '', 'hours', hours,
    'hours_closed', text(second))
  write_levels()
end
return second - closed
