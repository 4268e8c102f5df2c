-- read_workers: workers, the connected ones first, then those remembered, each newest first.
--
-- include fleet
-- arg limit int
--
-- Returns {{worker JSON, heartbeat, ...}, workers there are}. O(limit + grants held). Reads only.

return {read_fleet(arg.limit)}
