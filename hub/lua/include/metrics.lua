-- metrics: the figures of the current second, by job type and worker at once; `close_seconds` rolls them up.
--
-- include gather
-- key second PREFIX   HASH a second that is not closed: "<figure>|<job type>|<worker>" -> count
--
-- A histogram's figure is "<axis>:<bin>": bin i > 0 holds values in (G^(i-1), G^i] ms with G = 1.02/0.98, so
-- a bin's middle is within 2 % of every value in it (DDSketch, VLDB 2019); 1 ms is in bin 1, bin 0 is under 1 ms.

local LOG_G = math.log(1.02 / 0.98)
local this_second = math.floor(now / 1000)
local bucket = db.second .. text(this_second)

local function cell(figure, job_type, worker_id)
  return figure .. '|' .. (job_type or '') .. '|' .. (worker_id or '')
end

-- Figures of this script by job type and worker; most scripts are about one of each.
local rows, row, row_type, row_worker = {}, nil, nil, nil

local function row_of(job_type, worker_id)
  if row and row_type == job_type and row_worker == worker_id then return row end
  local name = cell('', job_type, worker_id)
  row, row_type, row_worker = rows[name] or {}, job_type, worker_id
  rows[name] = row
  return row
end

local function bump(figure, rec, by)
  local figures = row_of(rec.job_type, rec.worker_id)
  figures[figure] = (figures[figure] or 0) + (by or 1)
end

finally[#finally + 1] = function()
  for name, figures in pairs(rows) do
    for figure, by in pairs(figures) do
      if by ~= 0 then redis.call('HINCRBY', bucket, figure .. name, text(by)) end
    end
  end
end

local function observe(axis, ms, rec)
  local bin = ms < 1 and 0 or math.max(1, math.ceil(math.log(ms) / LOG_G))
  bump(axis .. ':' .. text(bin), rec)
end

-- A level (busy or offered slots) changes by `delta` now: its integral over the rest of this
-- second changes with it, and the next second starts from the new level.
local function shift_level(level, delta, job_type, worker_id)
  if delta == 0 then return end
  local rest_ms = (this_second + 1) * 1000 - now
  local figures = row_of(job_type, worker_id)
  local in_ms, shift = level .. '_ms', level .. '_shift'
  figures[in_ms] = (figures[in_ms] or 0) + delta * rest_ms
  figures[shift] = (figures[shift] or 0) + delta
end

-- The backlog of a type and of the hub: its change within this second, and the highest change seen.
local pending_shifts = {}

local function shift_backlog(group, delta)
  local shift = pending_shifts[group]
  if not shift then
    shift = {by = 0, highest = 0}
    pending_shifts[group] = shift
  end
  shift.by = shift.by + delta
  if shift.by > shift.highest then shift.highest = shift.by end
end

local function shift_pending(job_type, delta)
  shift_backlog(job_type, delta)
  shift_backlog('', delta)
end

finally[#finally + 1] = function()
  for group, shift in pairs(pending_shifts) do
    local before = redis.call('HINCRBY', bucket, cell('pending_shift', group), text(shift.by)) - shift.by
    local peak = cell('pending_peak', group)
    if shift.highest > 0 and before + shift.highest > tonumber(redis.call('HGET', bucket, peak) or '0') then
      redis.call('HSET', bucket, peak, text(before + shift.highest))
    end
  end
end
