-- reap_workers: put offline whoever was silent for one lease; its grants end with their own leases.
--
-- include clock silence events metrics workers worker_changes presence
-- key workers ZSET  connected worker ids by last heartbeat, Unix ms
-- arg lease_ms int
-- arg heartbeat_ms int
-- arg limit int  workers a call
--
-- Returns how many; none while they are spared (silence.lua). O(limit log n). Idempotent.

if spared then return 0 end
local silent = redis.call('ZRANGEBYSCORE', db.workers, '-inf', text(now - arg.lease_ms), 'LIMIT', 0, arg.limit)
for _, worker_id in ipairs(silent) do go_offline(load_worker(worker_id), 'silent') end
return #silent
