-- heartbeat_worker: renew the leases of every grant that a worker names.
--
-- include clock events metrics workers worker_changes lanes jobs grants presence
-- key workers ZSET  connected worker ids by last heartbeat, Unix ms
-- arg worker_id string
-- arg connection_id string
-- arg connected_at int  when that connection registered, Unix ms
-- arg held json  {job_id, fence as string}
-- arg lease_ms int
--
-- Returns a list of {job_id, fence, keep|drop|cancel}: cancel when the run is over for everybody but
-- this worker; 'superseded' when a later connection has the worker's name; or 'forgotten' when this one is not known:
-- Redis came back without it, or with an earlier connection of that name. Then the worker must register again.
-- A worker that was silent for too long and speaks again is back. O(held log n). Idempotent.

local worker = load_worker(arg.worker_id)
if not worker then return 'forgotten' end
if worker.connection_id ~= arg.connection_id then
  return tonumber(worker.connected_at) >= arg.connected_at and 'superseded' or 'forgotten'
end
if worker.status == 'offline' then
  arrive(worker)
  worker.old_status, worker.status = 'offline', 'idle'
  changed_workers[arg.worker_id] = worker
  save_worker(worker, 'worker_connected')
end
redis.call('ZADD', db.workers, text(now), arg.worker_id)
local verdicts = {}
for index, grant_held in ipairs(arg.held) do
  local action = 'drop'
  if held_job(arg.worker_id, grant_held.fence) == grant_held.job_id then
    renew(arg.worker_id, grant_held.job_id, grant_held.fence, arg.lease_ms)
    action = live_job(arg.worker_id, grant_held.job_id, grant_held.fence) and 'keep' or 'cancel'
  end
  verdicts[index] = {grant_held.job_id, grant_held.fence, action}
end
return verdicts
