-- check_rights: tell which commands the user of this connection may not use on the hub's keys; changes nothing.
--
-- key meta HASH        a key as all others are
-- key channel CHANNEL  where events are told
-- arg commands json    {name, words}: how many arguments it takes at least
--
-- Returns the names that are refused; false where the server cannot tell (Redis 6.2). O(commands).

if not redis.acl_check_cmd then return false end
local refused = {}
for _, command in ipairs(arg.commands) do
  local words = {}
  for place = 1, command[2] do words[place] = command[1] == 'SUBSCRIBE' and db.channel or db.meta end
  local known, allowed = pcall(redis.acl_check_cmd, command[1], unpack(words))
  if known and not allowed then refused[#refused + 1] = command[1] end
end
return refused
