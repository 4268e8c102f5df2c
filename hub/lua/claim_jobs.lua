-- claim_jobs: give a worker the most urgent pending jobs that it fits, each under a lease.
--
-- include clock events metrics workers worker_changes lanes jobs grants claims
-- arg worker_id string
-- arg connection_id string  the worker's connection that asks; empty: whichever
-- arg limit int
-- arg lease_ms int
-- arg accept_ms int  how long the worker has to accept
-- arg hurried string  '1': the most urgent of the lanes known for the profile, never 'refresh'
--
-- Returns a list of {job_id, fence, attempt, timeout_s, record, payload}, most urgent first; or
-- 'refresh' when the profile's lanes are out of date.
-- O(j log n), j jobs given, whatever the number of lanes. Not idempotent: never retry blindly.

local assignments = claim(touch_worker(arg.worker_id), arg.limit, arg.hurried == '1')
if #assignments > 0 and assignments ~= 'refresh' then save_workers() end
return assignments
