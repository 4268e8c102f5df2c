-- append_log: keep lines of a held job's log, the newest up to a limit.
--
-- include clock events metrics workers lanes jobs grants
-- key log PREFIX  LIST a job: lines
-- arg worker_id string
-- arg job_id string
-- arg fence string
-- arg lease_ms int
-- arg lines json  strings
-- arg kept int    lines that stay
--
-- Returns 'ack', or 'stale' and nothing was written. O(lines). Not idempotent.

if not live_job(arg.worker_id, arg.job_id, arg.fence) then return 'stale' end
renew(arg.worker_id, arg.job_id, arg.fence, arg.lease_ms)
redis.call('RPUSH', db.log .. arg.job_id, unpack(arg.lines))
redis.call('LTRIM', db.log .. arg.job_id, -arg.kept, -1)
return 'ack'
