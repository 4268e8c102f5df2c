-- audit: who did what, kept in a bounded list and told as operator_action.
--
-- key audit LIST  JSON entries, newest first; full: the oldest goes
-- key meta HASH   audits: entries ever written, so that an entry's place follows from its id
--
-- borrow actor  who asked

local AUDIT_KEPT = 10000
local AUDIT_NAMED = 20

-- members: what was done to what, JSON with a leading comma.
local function note_action(action, members)
  local audit_id = text(redis.call('HINCRBY', db.meta, 'audits', 1))
  local entry = '"audit_id":' .. audit_id .. member('actor', arg.actor) .. member('action', action) .. members
  redis.call('LPUSH', db.audit, '{"at":' .. text(now) .. ',' .. entry .. '}')
  redis.call('LTRIM', db.audit, 0, AUDIT_KEPT - 1)
  emit('operator_action', entry)
end

-- One entry for a bulk action: how many jobs, and the names of the first.
local function note_jobs(action, job_ids, members)
  if #job_ids == 0 then return end
  local named = {}
  for index = 1, math.min(#job_ids, AUDIT_NAMED) do named[index] = job_ids[index] end
  note_action(action, ',"count":' .. #job_ids .. ',"job_ids":' .. cjson.encode(named) .. (members or ''))
end
