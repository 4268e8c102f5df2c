-- pause_queue: stop giving out jobs of a type, or go on.
--
-- include clock events metrics lanes queues audit
-- key lanes HASH     lane -> JSON {job_type, requirements}
-- key paused SET     job types that nobody is given
-- key job_types SET  known job types
-- arg job_type string
-- arg paused string  '1' or '0'
-- arg actor string   who asked
--
-- Returns the queue as JSON, or false when no job of that type was ever seen.
-- O(lanes). Idempotent: no event without a change.

if redis.call('SISMEMBER', db.job_types, arg.job_type) == 0 then return false end
local changed
if arg.paused == '1' then
  changed = redis.call('SADD', db.paused, arg.job_type)
else
  changed = redis.call('SREM', db.paused, arg.job_type)
end
if changed == 1 then
  local flat = redis.call('HGETALL', db.lanes)
  for index = 1, #flat, 2 do
    if cjson.decode(flat[index + 1]).job_type == arg.job_type then sync_head(flat[index], arg.job_type) end
  end
  local paused = arg.paused == '1'
  emit('queue_changed', queue_members(arg.job_type) .. member('actor', arg.actor)
    .. member('action', paused and 'paused' or 'resumed'))
  note_action(paused and 'pause' or 'resume', member('job_type', arg.job_type))
end
return '{' .. queue_members(arg.job_type) .. '}'
