-- records: a job's small record: a table for the scripts, JSON for everybody else.
--
-- A job's hash holds `rec` (the record, JSON), `state` (what scripts look at, MessagePack, in a fixed order and
-- without names) and `fixed` (the members that never change, JSON without braces). Reading and writing
-- numbers and names is most of what JSON costs: a script reads none, and writes the members that change.
-- docs/decisions/0007-throughput.md.
--
-- In the table a fence is a string (it has 16 digits) and progress is JSON.
--
-- key job PREFIX  HASH a job: lane, ended, settled, revoked, where an older hub wrote it
--
-- `state` begins with its version. Older ones are read for ever, and written anew with the next move:
--   1  a map of the record; lane, ended, settled and revoked stood beside it in the hash
--   2  what write_state writes

local STATE_VERSION = 2

-- The one place that knows the order, together with read_state.
local function write_state(job)
  local rec = job.rec
  return cmsgpack.pack(STATE_VERSION, rec.job_type, rec.created_at, rec.timeout_s, job.lane, rec.status, rec.run, rec.rev,
    rec.priority, rec.attempt, rec.losses, rec.order_key, rec.run_at, rec.pending_at, rec.assigned_at,
    rec.started_at, rec.finished_at, rec.wait_ms, rec.run_ms, rec.worker_id, rec.fence, rec.progress, rec.error,
    job.ended, job.settled, job.revoked)
end

local function read_older_state(job_id, state)
  local rec = cmsgpack.unpack(state)
  if type(rec) ~= 'table' then error('the state of job ' .. job_id .. ' was written by a later version of the hub') end
  local beside = redis.call('HMGET', db.job .. job_id, 'lane', 'ended', 'settled', 'revoked')
  return {rec = rec, lane = beside[1] or '', ended = tonumber(beside[2] or '0'), settled = beside[3] or '',
    revoked = beside[4] or ''}
end

local function read_state(job_id, state)
  local version, job_type, created_at, timeout_s, lane, status, run, rev, priority, attempt, losses, order_key, run_at,
    pending_at, assigned_at, started_at, finished_at, wait_ms, run_ms, worker_id, fence, progress, failure,
    ended, settled, revoked = cmsgpack.unpack(state)
  if version ~= STATE_VERSION then return read_older_state(job_id, state) end
  local rec = {job_id = job_id, job_type = job_type, created_at = created_at, timeout_s = timeout_s,
    status = status, run = run, rev = rev, priority = priority, attempt = attempt, losses = losses,
    order_key = order_key, run_at = run_at, pending_at = pending_at, assigned_at = assigned_at,
    started_at = started_at, finished_at = finished_at, wait_ms = wait_ms, run_ms = run_ms, worker_id = worker_id,
    fence = fence, progress = progress, error = failure}
  return {rec = rec, lane = lane, ended = ended, settled = settled, revoked = revoked}
end

-- What a grant brings: when it was given and begun.
local function grant_times(rec)
  if not rec.assigned_at then return '' end
  if not rec.started_at then return ',"assigned_at":' .. text(rec.assigned_at) end
  return ',"assigned_at":' .. text(rec.assigned_at) .. ',"started_at":' .. text(rec.started_at)
    .. ',"wait_ms":' .. text(rec.wait_ms)
end

-- fixed: what fix_record made.
local function record_json(rec, fixed)
  return '{"status":"' .. rec.status .. '","run":' .. text(rec.run) .. ',"rev":' .. text(rec.rev)
    .. ',"priority":' .. text(rec.priority) .. ',"attempt":' .. text(rec.attempt) .. ',"losses":' .. text(rec.losses)
    .. ',"order_key":"' .. rec.order_key .. '"' .. (rec.run_at and ',"run_at":' .. text(rec.run_at) or '')
    .. (rec.pending_at and ',"pending_at":' .. text(rec.pending_at) or '') .. grant_times(rec)
    .. (rec.finished_at and ',"finished_at":' .. text(rec.finished_at) or '')
    .. (rec.run_ms and ',"run_ms":' .. text(rec.run_ms) or '')
    .. (rec.fence and ',"worker_id":"' .. rec.worker_id .. '","fence":' .. rec.fence or '')
    .. (rec.progress and ',"progress":' .. rec.progress or '')
    .. (rec.error and ',"error":' .. cjson.encode(rec.error) or '') .. ',' .. fixed .. '}'
end

-- The members of a new job's record that never change: all there are but priority and run_at.
-- requirements: JSON as the client wrote it, or nil.
local function fix_record(rec, requirements)
  local fixed = {}
  for name, value in pairs(rec) do
    if name ~= 'priority' and name ~= 'run_at' then fixed[name] = value end
  end
  return string.sub(cjson.encode(fixed), 2, -2) .. (requirements and ',"requirements":' .. requirements or '')
end

-- The members that never change, as a table: what few moves look at.
local function job_terms(job)
  if not job.terms then job.terms = cjson.decode('{' .. job.fixed .. '}') end
  return job.terms
end
