-- lists: the rows of one list of jobs as monitors show it.
--
-- key job PREFIX       HASH a job: rec
-- key pending ZSET     "<order_key>:<job_id>" scored -priority
-- key scheduled ZSET   job ids by run_at
-- key active ZSET      job ids by assigned_at
-- key finished PREFIX  ZSET a final state: job ids by finished_at

local waiting = {pending = db.pending, scheduled = db.scheduled, active = db.active}

local function list_rows(name, window)
  local key, ids
  if waiting[name] then
    key = waiting[name]
    ids = redis.call('ZRANGE', key, 0, window - 1)
  else
    key = db.finished .. name
    ids = redis.call('ZREVRANGE', key, 0, window - 1)
  end
  local rows = {}
  for index, id in ipairs(ids) do
    local job_id = name == 'pending' and string.match(id, ':(.*)$') or id
    rows[index] = redis.call('HGET', db.job .. job_id, 'rec')
  end
  return {rows, redis.call('ZCARD', key)}
end
