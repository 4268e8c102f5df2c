-- relief: lets a script that frees memory run on a full Redis. Stands before `clock`.
--
-- key meta HASH
--
-- A full Redis refuses the first write of a script when that may grow (the clock's HSET) and nothing
-- after a first write. Removing is never refused for memory; on a read-only server this fails first.

redis.call('HDEL', db.meta, 'relief')
