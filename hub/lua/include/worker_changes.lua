-- worker_changes: write every touched worker once and tell it once.
--
-- include holdings
-- key held PREFIX    HASH a worker: its grants
-- key worker PREFIX  HASH a worker: status, rev, completed, failed, busy, offered

-- Slots that the fleet may count on: none of an absent worker, of a draining one what it still uses.
local function offered_slots(worker)
  if worker.status == 'offline' then return 0 end
  if worker.status == 'draining' then return worker.busy end
  return worker.slots
end

local function save_worker(worker, kind, reason)
  local old_status = worker.old_status or worker.status
  written(db.held .. worker.worker_id)
  local job_ids = held_job_ids(worker.worker_id)
  if worker.status ~= 'offline' then
    worker.status = worker.draining == '1' and 'draining' or (#job_ids > 0 and 'busy' or 'idle')
  end
  worker.rev = worker.rev + 1
  local offered = offered_slots(worker)
  shift_level('offered', offered - worker.offered, '', worker.worker_id)
  redis.call('HSET', db.worker .. worker.worker_id, 'status', worker.status, 'rev', text(worker.rev),
    'completed', text(worker.completed), 'failed', text(worker.failed), 'busy', text(worker.busy),
    'offered', text(offered))
  emit(kind, '"worker_id":"' .. worker.worker_id .. '",'
    .. status_pair(not worker.was_absent and old_status, worker.status)
    .. (reason and member('reason', reason) or '')
    .. ',"connection_id":' .. cjson.encode(worker.connection_id or '')
    .. ',"worker":' .. worker_json(worker, job_ids))
  changed_workers[worker.worker_id] = nil
end

-- A script that touched workers calls this last.
local function save_workers()
  for _, worker in pairs(changed_workers) do save_worker(worker, 'worker_status_changed') end
end
