-- gather: writes that wait for the end of the script, so that many moves cost one command a key.
--
-- Each function returns a key's table of what is to be written: assign to it. A member's score or a field's value
-- is text, false when it goes; the last state wins. Counters are numbers that add up. A script that reads such
-- a key after it changed it asks for `written(key)`; a record is never gathered.

local CALL_MAX = 1000 -- arguments a command: well under what Lua unpacks

local members, fields, sums = {}, {}, {}

-- Members of a ZSET and their scores.
local function members_of(key)
  local gathered = members[key]
  if not gathered then
    gathered = {}
    members[key] = gathered
  end
  return gathered
end

-- Fields of a HASH and their values.
local function fields_of(key)
  local gathered = fields[key]
  if not gathered then
    gathered = {}
    fields[key] = gathered
  end
  return gathered
end

-- Counters of a HASH and what is added to them.
local function sums_of(key)
  local gathered = sums[key]
  if not gathered then
    gathered = {}
    sums[key] = gathered
  end
  return gathered
end

local function add(key, field, by)
  local counters = sums_of(key)
  counters[field] = (counters[field] or 0) + by
end

-- Write what is gathered, and forget it: the table stays, for those who hold it.
local function write(key, gathered, put, remove)
  local puts, removes = {put, key}, {remove, key}
  for name, state in pairs(gathered) do
    gathered[name] = nil
    if state then
      if put == 'ZADD' then name, state = state, name end
      puts[#puts + 1], puts[#puts + 2] = name, state
    else
      removes[#removes + 1] = name
    end
    if #puts > CALL_MAX then
      redis.call(unpack(puts))
      puts = {put, key}
    elseif #removes > CALL_MAX then
      redis.call(unpack(removes))
      removes = {remove, key}
    end
  end
  if #puts > 2 then redis.call(unpack(puts)) end
  if #removes > 2 then redis.call(unpack(removes)) end
end

-- Write what was gathered of a key now. Returns the key.
local function written(key)
  if members[key] then write(key, members[key], 'ZADD', 'ZREM') end
  if fields[key] then write(key, fields[key], 'HSET', 'HDEL') end
  return key
end

finally[#finally + 1] = function()
  for key, gathered in pairs(members) do write(key, gathered, 'ZADD', 'ZREM') end
  for key, gathered in pairs(fields) do write(key, gathered, 'HSET', 'HDEL') end
  for key, counters in pairs(sums) do
    for field, by in pairs(counters) do
      if by ~= 0 then redis.call('HINCRBY', key, field, text(by)) end
    end
  end
end
