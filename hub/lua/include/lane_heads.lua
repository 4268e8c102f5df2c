-- lane_heads: for each profile the lanes that it fits, by their most urgent job; a paused type shows none.
--
-- include gather
-- key lane PREFIX           ZSET a lane: "<order_key>:<job_id>" scored -priority
-- key lane_heads HASH       lane -> "score member" as the profiles see it
-- key lane_profiles PREFIX  SET a lane: the profiles that fit it
-- key heads PREFIX          ZSET a profile: "<head member> <lane>" scored as the head
-- key paused SET            job types that nobody is given
--
-- Equal scores sort by member, so the exact order needs no float tricks, and a claim looks at one
-- head however many lanes there are. Only a change of a lane's head touches its profiles.

local function set_head(lane, head)
  local told = redis.call('HGET', db.lane_heads, lane) or ''
  if head == told then return end
  local old_member = string.match(told, ' (.*)$')
  local score, new_member = string.match(head, '^(%S+) (.*)$')
  for _, profile in ipairs(redis.call('SMEMBERS', db.lane_profiles .. lane)) do
    if old_member then redis.call('ZREM', db.heads .. profile, old_member .. ' ' .. lane) end
    if new_member then redis.call('ZADD', db.heads .. profile, score, new_member .. ' ' .. lane) end
  end
  if new_member then
    redis.call('HSET', db.lane_heads, lane, head)
  else
    redis.call('HDEL', db.lane_heads, lane)
  end
end

local function sync_head(lane, job_type)
  local first = redis.call('ZRANGE', db.lane .. lane, 0, 0, 'WITHSCORES')
  local open = first[1] and redis.call('SISMEMBER', db.paused, job_type) == 0
  set_head(lane, open and (first[2] .. ' ' .. first[1]) or '')
end

-- Lanes whose jobs changed, each with its job type: a head is told once, however many jobs moved.
local stirred = {}

local function sync_stirred()
  for lane, job_type in pairs(stirred) do
    written(db.lane .. lane)
    sync_head(lane, job_type)
  end
  stirred = {}
end

finally[#finally + 1] = sync_stirred
