-- records: a job's small record: a table for the scripts, JSON for everybody else.
--
-- A job's hash holds `rec` (the record, JSON), `state` (what scripts look at, in a fixed order and
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

-- Five times as fast as MessagePack, whose every value becomes a text of its own on the way. Numbers are integers of
-- 8 bytes, -1: none; texts end with a zero, which neither ids nor JSON contain, and are empty for none.
local STATE = '<Bdsssi8i8i8i8i8i8i8ssi8i8i8i8i8i8i8ssss'

-- The one place that knows the order, together with read_state.
local function write_state(job)
  local rec = job.rec
  return struct.pack(STATE, STATE_VERSION, rec.timeout_s, rec.job_type, job.lane, rec.status, rec.created_at, rec.run, rec.rev,
    rec.priority, rec.attempt, rec.losses, job.ended, job.settled, job.revoked, rec.run_at or -1, rec.pending_at or -1,
    rec.assigned_at or -1, rec.started_at or -1, rec.finished_at or -1, rec.wait_ms or -1, rec.run_ms or -1,
    rec.order_key, rec.worker_id or '', rec.fence or '', rec.progress or '') .. (rec.error and cjson.encode(rec.error) or '')
end

local function number_or_nil(number)
  if number ~= -1 then return number end
end

local function text_or_nil(value)
  if value ~= '' then return value end
end

local function read_older_state(job_id, state)
  local rec = cmsgpack.unpack(state)
  if type(rec) ~= 'table' then error('the state of job ' .. job_id .. ' was written by a later version of the hub') end
  local beside = redis.call('HMGET', db.job .. job_id, 'lane', 'ended', 'settled', 'revoked')
  return {rec = rec, lane = beside[1] or '', ended = tonumber(beside[2] or '0'), settled = beside[3] or '',
    revoked = beside[4] or ''}
end

local function read_state(job_id, state)
  if string.byte(state) ~= STATE_VERSION then return read_older_state(job_id, state) end
  local _, timeout_s, job_type, lane, status, created_at, run, rev, priority, attempt, losses, ended, settled, revoked,
    run_at, pending_at, assigned_at, started_at, finished_at, wait_ms, run_ms, order_key, worker_id, fence, progress,
    rest = struct.unpack(STATE, state)
  local rec = {job_id = job_id, job_type = job_type, created_at = created_at, timeout_s = timeout_s,
    status = status, run = run, rev = rev, priority = priority, attempt = attempt, losses = losses,
    order_key = order_key, run_at = number_or_nil(run_at), pending_at = number_or_nil(pending_at),
    assigned_at = number_or_nil(assigned_at), started_at = number_or_nil(started_at),
    finished_at = number_or_nil(finished_at), wait_ms = number_or_nil(wait_ms), run_ms = number_or_nil(run_ms),
    worker_id = text_or_nil(worker_id), fence = text_or_nil(fence), progress = text_or_nil(progress)}
  if rest <= #state then rec.error = cjson.decode(string.sub(state, rest)) end
  return {rec = rec, lane = lane, ended = ended, settled = settled, revoked = revoked}
end

-- fixed: what fix_record made. One concatenation: every text on the way would be hashed, kept and freed.
local function record_json(rec, fixed)
  local run_at, pending_at, assigned_at, started_at = rec.run_at, rec.pending_at, rec.assigned_at, rec.started_at
  local finished_at, run_ms, fence, progress = rec.finished_at, rec.run_ms, rec.fence, rec.progress
  return '{"status":"' .. rec.status .. '","run":' .. text(rec.run) .. ',"rev":' .. text(rec.rev)
    .. ',"priority":' .. text(rec.priority) .. ',"attempt":' .. text(rec.attempt) .. ',"losses":' .. text(rec.losses)
    .. ',"order_key":"' .. rec.order_key .. '"'
    .. (run_at and ',"run_at":' or '') .. (run_at and text(run_at) or '')
    .. (pending_at and ',"pending_at":' or '') .. (pending_at and text(pending_at) or '')
    .. (assigned_at and ',"assigned_at":' or '') .. (assigned_at and text(assigned_at) or '')
    .. (started_at and ',"started_at":' or '') .. (started_at and text(started_at) or '')
    .. (started_at and ',"wait_ms":' or '') .. (started_at and text(rec.wait_ms) or '')
    .. (finished_at and ',"finished_at":' or '') .. (finished_at and text(finished_at) or '')
    .. (run_ms and ',"run_ms":' or '') .. (run_ms and text(run_ms) or '')
    .. (fence and ',"worker_id":"' or '') .. (fence and rec.worker_id or '')
    .. (fence and '","fence":' or '') .. (fence or '')
    .. (progress and ',"progress":' or '') .. (progress or '')
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
