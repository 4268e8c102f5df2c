-- closing: turn what the scripts noted in one second into that second's rows.
--
-- key second PREFIX  HASH a second: "<figure>|<job type>|<worker>" -> count
-- key levels HASH    "<level>|<job type>|<worker>" -> slots or jobs at the end of the last closed second
-- key due ZSET       "<job type> <job id>" by due_at, Unix ms

local levels = {}

local function read_levels()
  local flat = redis.call('HGETALL', db.levels)
  for index = 1, #flat, 2 do levels[flat[index]] = tonumber(flat[index + 1]) end
end

local function write_levels()
  for name, level in pairs(levels) do
    if level == 0 then
      redis.call('HDEL', db.levels, name)
    else
      redis.call('HSET', db.levels, name, text(level))
    end
  end
end

-- Add a figure to its row: of the whole hub, of its job type and of its worker.
local function spread(rows, second, figure, job_type, worker_id, count)
  local groups = {'all'}
  if job_type ~= '' then groups[#groups + 1] = admit_group('type', job_type, second) end
  if worker_id ~= '' then groups[#groups + 1] = admit_group('worker', worker_id, second) end
  for _, group in ipairs(groups) do
    rows[group] = rows[group] or {}
    add_figure(rows[group], figure, count)
  end
end

-- The levels at the start of a second hold all through it, but for the changes that its fields tell.
local function hold_levels(rows, second, peaks)
  for name, level in pairs(levels) do
    local axis, job_type, worker_id = string.match(name, '^(.-)|(.-)|(.*)$')
    if axis ~= 'pending' then
      if level ~= 0 then spread(rows, second, axis .. '_ms', job_type, worker_id, level * 1000) end
    elseif level > 0 or peaks[job_type] then
      peaks[job_type] = level + (peaks[job_type] or 0)
    end
  end
  for job_type, peak in pairs(peaks) do
    local group = admit_group('type', job_type, second)
    rows[group] = rows[group] or {}
    add_figure(rows[group], 'pending_max', peak)
  end
end

-- Returns the rows of a second and whether anything was noted in it; the levels move to its end. `held`: whether
-- they count in it.
local function rows_of(second, held)
  local rows, peaks, shifts = {}, {}, {}
  local flat = redis.call('HGETALL', db.second .. text(second))
  for index = 1, #flat, 2 do
    local figure, job_type, worker_id = string.match(flat[index], '^(.-)|(.-)|(.*)$')
    local count, shifted = tonumber(flat[index + 1]), string.match(figure, '^(.*)_shift$')
    if shifted then
      shifts[cell(shifted, job_type, worker_id)] = count
    elseif figure == 'pending_peak' then
      peaks[job_type] = count
    else
      spread(rows, second, figure, job_type, worker_id, count)
    end
  end
  if held then hold_levels(rows, second, peaks) end
  for name, shift in pairs(shifts) do levels[name] = (levels[name] or 0) + shift end
  redis.call('DEL', db.second .. text(second))
  return rows, #flat > 0
end

-- Promises broken in `second`: their jobs wait still. Returns false when there are more than `limit`.
local function break_promises(second, limit)
  local late = redis.call('ZRANGEBYSCORE', db.due, '-inf', text(second * 1000 + 999), 'LIMIT', 0, limit)
  for _, member in ipairs(late) do
    redis.call('HINCRBY', db.second .. text(second), cell('slo_missed', string.match(member, '^%S+')), 1)
    redis.call('ZREM', db.due, member)
  end
  return #late < limit
end
