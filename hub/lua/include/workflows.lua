-- workflows: the priority and time that the first job of a workflow fixes for all of it.
--
-- key workflow PREFIX  HASH a workflow: priority, time, jobs

-- The first job of a workflow fixes its priority and time; later ones inherit.
local function workflow_conflict(rec)
  local known = redis.call('HMGET', db.workflow .. rec.workflow_id, 'priority', 'time')
  if not known[1] then return nil end
  for index, field in ipairs({'workflow_priority', 'workflow_submitted_at'}) do
    if rec[field] and rec[field] ~= tonumber(known[index]) then return {'workflow_conflict', field} end
    rec[field] = tonumber(known[index])
  end
end

local function effective_time(rec)
  if not rec.workflow_id then
    rec.priority = rec.priority or 50
    return rec.run_at or now
  end
  rec.priority = rec.workflow_priority or rec.priority or 50
  rec.workflow_priority = rec.priority
  rec.workflow_submitted_at = rec.workflow_submitted_at or now
  local key = db.workflow .. rec.workflow_id
  redis.call('HSET', key, 'priority', text(rec.priority), 'time', text(rec.workflow_submitted_at))
  redis.call('HINCRBY', key, 'jobs', 1)
  return rec.workflow_submitted_at
end
