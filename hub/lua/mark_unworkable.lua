-- mark_unworkable: note that no connected worker fits a lane, or that one does again.
--
-- include clock events queues
-- key unworkable HASH  lane -> JSON {job_type, requirements, reason}
-- arg lane string
-- arg job_type string
-- arg note string  JSON {job_type, requirements, reason}; empty: workable again
--
-- Returns 1 when something changed. O(unworkable lanes + log n). Idempotent.

local changed
if arg.note ~= '' then
  changed = redis.call('HGET', db.unworkable, arg.lane) ~= arg.note
  redis.call('HSET', db.unworkable, arg.lane, arg.note)
else
  changed = redis.call('HDEL', db.unworkable, arg.lane) == 1
end
if not changed then return 0 end
emit('queue_changed', queue_members(arg.job_type)
  .. member('action', arg.note ~= '' and 'unworkable' or 'workable'))
return 1
