-- totals: what never starts again, by job type: counters, and histograms of wait and run, for scrapers.
--
-- include gather percentiles
-- borrow bounds_ms  where the buckets of the histograms end
-- key totals HASH   "<figure>|<job type>" -> count: counts, "<axis>:<bound in ms>" and "<axis>_us" (sum) of the
--                   histograms, "known" of a type that is told apart; "types|" is how many are
--
-- A value is told by the middle of its bin, so it may stand on the other side of a bound within 2 % of it.

local TYPES_MAX = 100 -- label values of a scrape; what comes after them is told as one
local COUNTED = {
  submitted = true, completed = true, failed = true, cancelled = true, retried = true,
  slo_met = true, slo_missed = true, busy_ms = true,
}
local TIMED = {wait = true, run = true}

local told_types, bound_texts = {}, {}

local function told_type(job_type)
  local told = told_types[job_type]
  if told then return told end
  told = job_type
  if redis.call('HEXISTS', db.totals, 'known|' .. job_type) == 0 then
    if tonumber(redis.call('HGET', db.totals, 'types|') or '0') < TYPES_MAX then
      redis.call('HSET', db.totals, 'known|' .. job_type, '1')
      redis.call('HINCRBY', db.totals, 'types|', 1)
    else
      told = '(other)'
    end
  end
  told_types[job_type] = told
  return told
end

local function bound_text(bin)
  local found = bound_texts[bin]
  if found then return found end
  found = 'inf'
  for _, bound in ipairs(arg.bounds_ms) do
    if bin_middle(bin) <= bound then
      found = text(bound)
      break
    end
  end
  bound_texts[bin] = found
  return found
end

local function count_type(job_type, row)
  for figure, count in pairs(row) do
    local axis, bin = string.match(figure, '^(%a+):(%d+)$')
    if COUNTED[figure] then
      add(db.totals, figure .. '|' .. job_type, count)
    elseif axis and TIMED[axis] then
      bin = tonumber(bin)
      add(db.totals, axis .. ':' .. bound_text(bin) .. '|' .. job_type, count)
      add(db.totals, axis .. '_us|' .. job_type, math.floor(bin_middle(bin) * 1000 * count + 0.5))
    end
  end
end

-- Add the rows of a closed second.
local function count_rows(rows)
  add(db.totals, 'offered_ms|', rows.all and rows.all.offered_ms or 0)
  for group, row in pairs(rows) do
    local job_type = string.match(group, '^type:(.*)$')
    if job_type then count_type(told_type(job_type), row) end
  end
end
