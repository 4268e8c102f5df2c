-- queues: what is told of one job type's queue.
--
-- key waiting PREFIX   ZSET a job type: job ids by pending_at
-- key paused SET       job types that nobody is given
-- key unworkable PREFIX  HASH a job type: lane -> JSON {requirements, reason}
-- key lane PREFIX      ZSET a lane: its pending jobs

-- A queue tells this many of its unworkable lanes; how many there are stands beside them.
local UNWORKABLE_TOLD = 20

local function unworkable_members(job_type)
  local items, flat = {}, redis.call('HGETALL', db.unworkable .. job_type)
  for index = 1, math.min(#flat, 2 * UNWORKABLE_TOLD), 2 do
    local note = cjson.decode(flat[index + 1])
    items[#items + 1] = '{"requirements":' .. note.requirements .. ',"count":'
      .. redis.call('ZCARD', db.lane .. flat[index]) .. ',"reason":' .. cjson.encode(note.reason) .. '}'
  end
  return '"unworkable":[' .. table.concat(items, ',') .. '],"unworkable_lanes":' .. #flat / 2
end

local function queue_members(job_type)
  local key = db.waiting .. job_type
  local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return '"job_type":' .. cjson.encode(job_type)
    .. ',"paused":' .. (redis.call('SISMEMBER', db.paused, job_type) == 1 and 'true' or 'false')
    .. ',"pending":' .. redis.call('ZCARD', key) .. ',"oldest_pending_at":' .. (oldest[2] or 'null')
    .. ',' .. unworkable_members(job_type)
end
