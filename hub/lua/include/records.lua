-- records: a job's small record: a table for the scripts, JSON for everybody else.
--
-- A job's hash holds `rec` (the record, JSON), `state` (the same for the scripts, MessagePack) and `fixed`
-- (the members that never change, JSON without braces). Reading and writing numbers is most of what JSON
-- costs: a script reads none, and writes the members that change. docs/decisions/0007-throughput.md.
--
-- In the table a fence is a string (it has 16 digits) and progress is JSON.

local function read_record(state)
  return cmsgpack.unpack(state)
end

local function number_member(name, value)
  return value and name .. text(value) or ''
end

-- fixed: what fix_record made.
local function record_json(rec, fixed)
  return '{"status":"' .. rec.status .. '","run":' .. text(rec.run) .. ',"rev":' .. text(rec.rev)
    .. ',"priority":' .. text(rec.priority) .. ',"attempt":' .. text(rec.attempt) .. ',"losses":' .. text(rec.losses)
    .. ',"order_key":"' .. rec.order_key .. '"'
    .. number_member(',"run_at":', rec.run_at) .. number_member(',"pending_at":', rec.pending_at)
    .. number_member(',"assigned_at":', rec.assigned_at) .. number_member(',"started_at":', rec.started_at)
    .. number_member(',"finished_at":', rec.finished_at) .. number_member(',"wait_ms":', rec.wait_ms)
    .. number_member(',"run_ms":', rec.run_ms)
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
