-- indexes: where listings find the kept jobs, whatever their state.
--
-- include gather records
-- key created ZSET    job ids by created_at
-- key ranked ZSET     "<order_key>:<job_id>" scored -priority: the order of processing
-- key ids ZSET        job ids, all scored 0: by name
-- key jobs_of PREFIX  ZSET a "<field> <value>": job ids by created_at
--
-- A job enters with its first save and leaves when it is forgotten; in between only its rank and its
-- error move, so the transitions of a run that goes well cost nothing here.

local BELONGS_TO = {'job_type', 'workflow_id', 'customer_id'}

-- Scores of a job in its groups; false takes it out.
local function index_groups(rec, score)
  for _, field in ipairs(BELONGS_TO) do
    if rec[field] then members_of(db.jobs_of .. field .. ' ' .. rec[field])[rec.job_id] = score end
  end
end

local function enter_indexes(rec)
  local at = text(rec.created_at)
  members_of(db.created)[rec.job_id] = at
  members_of(db.ids)[rec.job_id] = '0'
  index_groups(rec, at)
end

local function error_type(rec)
  return rec.error and rec.error.type
end

-- Remember what the indexes hold of a job.
local function note_indexed(job)
  local rec = job.rec
  job.indexed_order, job.indexed_priority, job.indexed_error = rec.order_key, rec.priority, error_type(rec)
end

local function index_error(rec, name, score)
  if name then members_of(db.jobs_of .. 'error_type ' .. name)[rec.job_id] = score end
end

local function sync_indexes(job)
  local rec, order = job.rec, job.indexed_order
  if not order then enter_indexes(rec) end
  if order ~= rec.order_key or job.indexed_priority ~= rec.priority then
    if order then members_of(db.ranked)[order .. ':' .. rec.job_id] = false end
    members_of(db.ranked)[rec.order_key .. ':' .. rec.job_id] = text(-rec.priority)
  end
  if job.indexed_error ~= error_type(rec) then
    index_error(rec, job.indexed_error, false)
    index_error(rec, error_type(rec), text(rec.created_at))
  end
  note_indexed(job)
end

local function leave_indexes(job)
  local rec = job.rec
  members_of(db.created)[rec.job_id] = false
  members_of(db.ids)[rec.job_id] = false
  members_of(db.ranked)[rec.order_key .. ':' .. rec.job_id] = false
  index_groups(job_terms(job), false)
  index_error(rec, error_type(rec), false)
end
