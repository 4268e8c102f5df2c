-- indexes: where listings find the kept jobs, whatever their state.
--
-- include gather
-- key created ZSET    job ids by created_at
-- key ranked ZSET     "<order_key>:<job_id>" scored -priority: the order of processing
-- key ids ZSET        job ids, all scored 0: by name
-- key jobs_of PREFIX  ZSET a "<field> <value>": job ids by created_at
--
-- A job enters with its first save and leaves when it is forgotten; in between only its rank and its
-- error move, so the transitions of a run that goes well cost nothing here.

local BELONGS_TO = {'job_type', 'workflow_id', 'customer_id'}

local function each_group(rec, apply)
  for _, field in ipairs(BELONGS_TO) do
    if rec[field] then apply(db.jobs_of .. field .. ' ' .. rec[field]) end
  end
end

local function enter_indexes(rec)
  local at = text(rec.created_at)
  put_member(db.created, rec.job_id, at)
  put_member(db.ids, rec.job_id, '0')
  each_group(rec, function(key) put_member(key, rec.job_id, at) end)
end

-- What the indexes hold of a job as it was loaded.
local function indexed_facts(rec)
  return {order_key = rec.order_key, priority = rec.priority, error_type = rec.error and rec.error.type}
end

local function move_error(rec, old, new)
  if old then remove_member(db.jobs_of .. 'error_type ' .. old, rec.job_id) end
  if new then put_member(db.jobs_of .. 'error_type ' .. new, rec.job_id, text(rec.created_at)) end
end

local function sync_indexes(job)
  local rec, was = job.rec, job.indexed or {}
  local facts = indexed_facts(rec)
  if not job.indexed then enter_indexes(rec) end
  if was.order_key ~= facts.order_key then
    if was.order_key then remove_member(db.ranked, was.order_key .. ':' .. rec.job_id) end
    was.priority = nil
  end
  if was.priority ~= facts.priority then
    put_member(db.ranked, facts.order_key .. ':' .. rec.job_id, text(-facts.priority))
  end
  if was.error_type ~= facts.error_type then move_error(rec, was.error_type, facts.error_type) end
  job.indexed = facts
end

local function leave_indexes(job)
  local rec = job.rec
  remove_member(db.created, rec.job_id)
  remove_member(db.ids, rec.job_id)
  remove_member(db.ranked, rec.order_key .. ':' .. rec.job_id)
  each_group(rec, function(key) remove_member(key, rec.job_id) end)
  move_error(rec, rec.error and rec.error.type, nil)
end
