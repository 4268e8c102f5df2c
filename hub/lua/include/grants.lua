-- grants: give jobs to a worker, and take them back.
--
-- include holdings
--
-- borrow lease_ms accept_ms  arguments of the script that grants

local function grant(job, worker, fence)
  local rec = job.rec
  rec.worker_id, rec.fence = worker.worker_id, text(fence)
  rec.assigned_at, rec.attempt = now, job.ended + 1
  move_job(job, 'assigned', 'job_assigned')
  hold(worker.worker_id, rec.job_id, rec.fence, arg.lease_ms, arg.accept_ms)
end

local function assignment(job)
  local rec = job.rec
  return {rec.job_id, rec.fence, rec.attempt, tostring(rec.timeout_s), job.json or job_json(job), job_payload(job)}
end

-- The live job of a grant: nil when the grant is stale or no longer the job's. A live one is held: no need to ask.
local function live_job(worker_id, job_id, fence)
  local job = load_job(job_id)
  if not job then return nil end
  local rec = job.rec
  if rec.fence ~= fence or rec.worker_id ~= worker_id then return nil end
  return (rec.status == 'assigned' or rec.status == 'in_progress') and job or nil
end

-- End the grant of a live job, before the job moves.
local function end_live_grant(job)
  local rec = job.rec
  end_grant(rec.worker_id, rec.job_id, rec.fence, rec.status == 'in_progress' and rec.job_type or '')
end
