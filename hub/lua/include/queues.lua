-- queues: what is told of one job type's queue.
--
-- key waiting PREFIX   ZSET a job type: job ids by pending_at
-- key paused SET       job types that nobody is given
-- key unworkable HASH  lane -> JSON {job_type, requirements, reason}
-- key lane PREFIX      ZSET a lane: its pending jobs

local function unworkable_json(job_type)
  local items, flat = {}, redis.call('HGETALL', db.unworkable)
  for index = 1, #flat, 2 do
    local note = cjson.decode(flat[index + 1])
    if note.job_type == job_type then
      items[#items + 1] = '{"requirements":' .. note.requirements .. ',"count":'
        .. redis.call('ZCARD', db.lane .. flat[index]) .. ',"reason":' .. cjson.encode(note.reason) .. '}'
    end
  end
  return '[' .. table.concat(items, ',') .. ']'
end

local function queue_members(job_type)
  local key = db.waiting .. job_type
  local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return '"job_type":' .. cjson.encode(job_type)
    .. ',"paused":' .. (redis.call('SISMEMBER', db.paused, job_type) == 1 and 'true' or 'false')
    .. ',"pending":' .. redis.call('ZCARD', key) .. ',"oldest_pending_at":' .. (oldest[2] or 'null')
    .. ',"unworkable":' .. unworkable_json(job_type)
end
