-- read_list: one list of jobs, exact at the sequence number beside it.
--
-- include lists
-- key meta HASH  epoch, seq
-- arg list string  pending, scheduled, active, completed, failed or cancelled
-- arg window int   rows at most
--
-- Returns {epoch, seq, {rows, rows there are}}. O(window + log n). Reads only.

local meta = redis.call('HMGET', db.meta, 'epoch', 'seq')
return {meta[1], meta[2], list_rows(arg.list, arg.window)}
