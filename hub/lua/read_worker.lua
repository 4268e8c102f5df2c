-- read_worker: one worker's record.
--
-- include workers
-- key workers ZSET  connected worker ids by last heartbeat
-- key offline ZSET  remembered worker ids by when they went
-- arg worker_id string
--
-- Returns {JSON, last heartbeat or nil}, or false when there is none. O(grants held). Reads only.

local worker = load_worker(arg.worker_id)
if not worker then return false end
local heard = redis.call('ZSCORE', db.workers, arg.worker_id) or redis.call('ZSCORE', db.offline, arg.worker_id)
return {worker_json(worker, held_job_ids(arg.worker_id)), heard}
