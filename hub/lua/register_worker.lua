-- register_worker: a worker connects, alone or in place of an older connection with its name.
--
-- include clock events metrics workers worker_changes lanes jobs grants failures presence
-- key worker PREFIX   HASH a worker: static, slots, prefetch, profile,
--                     profile_json, connection_id, connected_at, draining
-- key unaccepted ZSET  "fence job_id worker_id"
-- arg worker_id string
-- arg connection_id string
-- arg static string        JSON members that the worker chose, without braces
-- arg slots int
-- arg prefetch int
-- arg profile string       digest of job types and capabilities
-- arg profile_json string
-- arg held json            grants that the worker still holds: {job_id, fence as string}
-- arg lease_ms int
-- arg accept_ms int
--
-- Returns {worker JSON, verdicts {job_id, fence, keep|drop}, assignments to send again}.
-- A grant that the worker accepted and no longer knows is lost; one that it never saw is sent again.
-- O(grants held + log n). Not idempotent: each call is a new connection.

local worker = load_worker(arg.worker_id) or {
  worker_id = arg.worker_id, rev = 0, completed = 0, failed = 0, busy = 0, offered = 0,
  status = 'offline', draining = '0', was_absent = true,
}
changed_workers[arg.worker_id] = worker
if worker.status ~= 'offline' then depart(worker) end
worker.old_status, worker.status = worker.status, 'idle'
worker.static, worker.slots, worker.prefetch = arg.static, arg.slots, arg.prefetch
worker.profile, worker.connection_id, worker.connected_at = arg.profile, arg.connection_id, text(now)
redis.call('HSET', db.worker .. arg.worker_id, 'static', arg.static, 'slots', text(arg.slots),
  'prefetch', text(arg.prefetch), 'profile', arg.profile,
  'profile_json', arg.profile_json, 'connection_id', arg.connection_id,
  'connected_at', text(now), 'draining', worker.draining)
arrive(worker)

local named, verdicts, assignments = {}, {}, {}
for _, grant_held in ipairs(arg.held) do
  named[grant_held.fence] = true
  local live = live_job(arg.worker_id, grant_held.job_id, grant_held.fence)
  if live then renew(arg.worker_id, grant_held.job_id, grant_held.fence, arg.lease_ms) end
  verdicts[#verdicts + 1] = {grant_held.job_id, grant_held.fence, live and 'keep' or 'drop'}
end
for _, known in ipairs(grants_of(arg.worker_id)) do
  if not named[known.fence] then
    local lease = lease_member(known.fence, known.job_id, arg.worker_id)
    local job = live_job(arg.worker_id, known.job_id, known.fence)
    if job and redis.call('ZSCORE', written(db.unaccepted), lease) then
      leases[lease], unaccepted[lease] = text(now + arg.lease_ms), text(now + arg.accept_ms)
      assignments[#assignments + 1] = assignment(job)
    else
      drop(arg.worker_id, known.job_id, known.fence)
      if job then lose(job, 'worker_restarted') end
    end
  end
end
save_worker(worker, 'worker_connected')
return {worker_json(worker, held_job_ids(arg.worker_id)), verdicts, assignments}
