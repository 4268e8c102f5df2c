-- drain_worker: a worker takes nothing new, or takes jobs again.
--
-- include clock events metrics workers worker_changes audit
-- key worker PREFIX  HASH a worker: draining
-- arg worker_id string
-- arg draining string  '1' or '0'
-- arg actor string     who asked; empty: the worker itself
--
-- Returns {'done', worker JSON}, {'offline'} or {'unknown'}. O(log n). Idempotent: no event without a change.

local worker = load_worker(arg.worker_id)
if not worker then return {'unknown'} end
if worker.status == 'offline' then return {'offline'} end
if worker.draining ~= arg.draining then
  worker.draining = arg.draining
  redis.call('HSET', db.worker .. arg.worker_id, 'draining', arg.draining)
  save_worker(worker, 'worker_status_changed')
  if arg.actor ~= '' then
    note_action(arg.draining == '1' and 'drain' or 'resume', member('worker_id', arg.worker_id))
  end
end
return {'done', worker_json(worker, held_job_ids(arg.worker_id))}
