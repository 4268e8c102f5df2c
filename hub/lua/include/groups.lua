-- groups: which job types and workers have rows of their own; those beyond a limit share one.
--
-- include rollup
-- key groups PREFIX ZSET of a kind, "type" or "worker": names by the last second with figures

local GROUPS_MAX = 500 -- of a kind
local IDLE_S = 86400 -- after so long without figures a group makes room for another

local known_groups = {}

-- Whether there is room for another group of a kind, if need be in place of the one idle for longest.
local function make_room(kind, second)
  local key = db.groups .. kind
  if redis.call('ZCARD', key) < GROUPS_MAX then return true end
  local idle = redis.call('ZRANGEBYSCORE', key, '-inf', text(second - IDLE_S), 'LIMIT', 0, 1)[1]
  if not idle then return false end
  redis.call('ZREM', key, idle)
  known_groups[kind .. ':' .. idle] = nil
  drop_rows(kind .. ':' .. idle, second)
  return true
end

-- A group's name, or the one that stands for all others when there are too many.
local function admit_group(kind, name, second)
  if name == '' then return 'all' end
  local group = kind .. ':' .. name
  if known_groups[group] then return known_groups[group] end
  local told = name
  if not redis.call('ZSCORE', db.groups .. kind, name) and not make_room(kind, second) then told = '(other)' end
  redis.call('ZADD', db.groups .. kind, text(second), told)
  known_groups[group] = kind .. ':' .. told
  return known_groups[group]
end
