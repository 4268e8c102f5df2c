-- submit_jobs: store new jobs.
--
-- include clock events metrics lanes jobs submissions
-- arg jobs json      as submissions.lua takes them
-- arg lanes_max int
--
-- Returns what became of each, as submissions.lua says. O(jobs log n). Idempotent with keys.

return submit_all()
