-- gather: writes that wait for the end of the script, so that many moves cost one command a key.
--
-- Counters add up; of a member or field the last state wins. A script that reads such a key after it
-- changed it asks for `written(key)`; a record is never gathered.

local CALL_MAX = 1000 -- arguments a command: well under what Lua unpacks

local sums, states = {}, {}

local function add(key, field, by)
  local fields = sums[key]
  if not fields then
    fields = {}
    sums[key] = fields
  end
  fields[field] = (fields[field] or 0) + by
end

local function states_of(key, put, remove)
  local gathered = states[key]
  if not gathered then
    gathered = {put = put, remove = remove, last = {}}
    states[key] = gathered
  end
  return gathered.last
end

local function put_member(key, member, score)
  states_of(key, 'ZADD', 'ZREM')[member] = score
end

local function remove_member(key, member)
  states_of(key, 'ZADD', 'ZREM')[member] = false
end

local function put_field(key, field, value)
  states_of(key, 'HSET', 'HDEL')[field] = value
end

local function remove_field(key, field)
  states_of(key, 'HSET', 'HDEL')[field] = false
end

-- A gathered field's value; false when it goes, nil when nothing was gathered of it.
local function gathered_field(key, field)
  local gathered = states[key]
  return gathered and gathered.last[field]
end

-- Write what was gathered of a key now. Returns the key.
local function written(key)
  local gathered = states[key]
  if not gathered then return key end
  states[key] = nil
  local puts, removes = {gathered.put, key}, {gathered.remove, key}
  for name, state in pairs(gathered.last) do
    if state then
      if gathered.put == 'ZADD' then name, state = state, name end
      puts[#puts + 1], puts[#puts + 2] = name, state
    else
      removes[#removes + 1] = name
    end
    if #puts > CALL_MAX then
      redis.call(unpack(puts))
      puts = {gathered.put, key}
    elseif #removes > CALL_MAX then
      redis.call(unpack(removes))
      removes = {gathered.remove, key}
    end
  end
  if #puts > 2 then redis.call(unpack(puts)) end
  if #removes > 2 then redis.call(unpack(removes)) end
  return key
end

finally[#finally + 1] = function()
  for key in pairs(states) do written(key) end
  for key, fields in pairs(sums) do
    for field, by in pairs(fields) do
      if by ~= 0 then redis.call('HINCRBY', key, field, text(by)) end
    end
  end
end
