-- read_index: the next jobs of one index after a place in it, with their records.
--
-- key created ZSET     job ids by created_at
-- key ranked ZSET      "<order_key>:<job_id>" scored -priority
-- key pending ZSET     "<order_key>:<job_id>" scored -priority
-- key scheduled ZSET   job ids by run_at
-- key active ZSET      job ids by assigned_at
-- key finished PREFIX  ZSET a final state: job ids by finished_at
-- key jobs_of PREFIX   ZSET a "<field> <value>": job ids by created_at
-- key job PREFIX       HASH a job: rec
-- arg index string     name of the index
-- arg of string        what follows the prefix, or empty
-- arg low string       lowest score, "-inf" for all
-- arg high string      highest score, "+inf" for all
-- arg score string     of the place; empty: from the start
-- arg member string    of the place, whether it is still there or not
-- arg newest string    1: from the highest score down
-- arg count int
--
-- Returns {member, score, ...}, {record or false, ...}. Equal scores stand in the order of their members.
-- O(count + log n * log ties). Reads only.

local places = {created = db.created, ranked = db.ranked, pending = db.pending, scheduled = db.scheduled,
  active = db.active, finished = db.finished, jobs_of = db.jobs_of}
local key = places[arg.index] .. arg.of

-- Byte by byte as Redis sorts; Lua's own < asks the locale.
local function sorts_before(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many members stand before the place; with `beside`, the one at the place counts too.
local function standing_before(beside)
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. arg.score)
  local high = low + redis.call('ZCOUNT', key, arg.score, arg.score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = redis.call('ZRANGE', key, middle, middle)[1]
    if sorts_before(member, arg.member) or (beside and member == arg.member) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

local first = 0
local last = redis.call('ZCOUNT', key, '-inf', arg.high) - 1
if arg.low ~= '-inf' then first = redis.call('ZCOUNT', key, '-inf', '(' .. arg.low) end
local flat = {}
if arg.newest == '1' then
  if arg.score ~= '' then last = math.min(last, standing_before(false) - 1) end
  first = math.max(first, last - arg.count + 1)
  local size = redis.call('ZCARD', key)
  if last >= first then flat = redis.call('ZREVRANGE', key, size - 1 - last, size - 1 - first, 'WITHSCORES') end
else
  if arg.score ~= '' then first = math.max(first, standing_before(true)) end
  last = math.min(last, first + arg.count - 1)
  if last >= first then flat = redis.call('ZRANGE', key, first, last, 'WITHSCORES') end
end

local records = {}
for at = 1, #flat, 2 do
  local job_id = string.match(flat[at], ':(.*)$') or flat[at]
  records[#records + 1] = redis.call('HGET', db.job .. job_id, 'rec')
end
return {flat, records}
