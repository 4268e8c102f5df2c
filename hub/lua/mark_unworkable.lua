-- mark_unworkable: note which lanes of a job type no connected worker fits, or which one does again.
--
-- include clock events queues
-- key unworkable PREFIX  HASH a job type: lane -> JSON {requirements, reason}
-- arg job_type string
-- arg notes json  {lane: JSON {requirements, reason}, or empty: workable again}
--
-- Returns how many lanes changed; one event tells them all. O(lanes noted + unworkable lanes of the type).
-- Idempotent.

local key, changed, action = db.unworkable .. arg.job_type, 0, 'workable'
for lane, note in pairs(arg.notes) do
  if note == '' then
    changed = changed + redis.call('HDEL', key, lane)
  elseif redis.call('HGET', key, lane) ~= note then
    redis.call('HSET', key, lane, note)
    changed, action = changed + 1, 'unworkable'
  end
end
if changed > 0 then emit('queue_changed', queue_members(arg.job_type) .. member('action', action)) end
return changed
