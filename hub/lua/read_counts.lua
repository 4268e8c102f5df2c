-- read_counts: jobs a state, exact at the sequence number beside them.
--
-- key meta HASH    epoch, seq
-- key counts HASH  jobs a state
--
-- Returns {epoch, seq, flat counts}. O(1). Reads only.

local meta = redis.call('HMGET', db.meta, 'epoch', 'seq')
return {meta[1], meta[2], redis.call('HGETALL', db.counts)}
