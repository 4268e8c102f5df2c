-- leave_worker: a connection of a worker ends, by its goodbye or by loss.
--
-- include clock events metrics workers worker_changes lanes jobs grants outcomes presence
-- key worker PREFIX  HASH a worker: draining
-- arg worker_id string
-- arg connection_id string
-- arg reason string  goodbye: jobs go back at once, uncounted; connection_lost: they stay under their leases
--
-- Returns 'left', or 'superseded' when another connection has the worker's name or it is gone already.
-- O(grants held log n). Idempotent.

local worker = load_worker(arg.worker_id)
if not worker or worker.connection_id ~= arg.connection_id or worker.status == 'offline' then
  return 'superseded'
end
changed_workers[arg.worker_id] = worker
if arg.reason == 'goodbye' then
  worker.draining = '0'
  redis.call('HSET', db.worker .. arg.worker_id, 'draining', '0')
  for _, known in ipairs(grants_of(arg.worker_id)) do
    local job = live_job(arg.worker_id, known.job_id, known.fence)
    drop(arg.worker_id, known.job_id, known.fence)
    if job then requeue(job, 'goodbye') end
  end
end
go_offline(worker, arg.reason)
return 'left'
