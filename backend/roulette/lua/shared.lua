-- What every script begins with. Before it stands `local LIMIT = {...}`: milliseconds and counts.
-- ARGV[1] is the time in Unix milliseconds, empty for this server's own; ARGV[2] is random, new with each call.
--
-- cats:v:<visitor>     hash: cat, language, state, chat (the latest, which may be over), with (the partner), house
--                      (the bot's seed), count (how many messages the bot received), last (the cat of the last
--                      partner), request, number (of the latest entry), bytes (of the log), paired (<number> <entry>:
--                      the chat's beginning, which the log may have dropped), pod, connection (none without a stream);
--                      <action>_since and <action>_count
-- cats:log:<visitor>   stream of entries <number>-0, each one JSON
-- cats:said:<visitor>  sorted set of the ids of the visitor's messages in this chat, by number
-- cats:told:<visitor>  the same for the bot's messages
-- cats:seen            sorted set of all visitors by the last time their stream was open
-- cats:pending         sorted set of those who have had no stream yet, by the time they entered
-- cats:waiting         sorted set of those who wait, by the time they began
-- cats:house           set of those who chat with a bot
-- cats:findable        set of those who wait or chat with a bot, and have a stream
-- cats:talking         set of those in a chat with another visitor
-- cats:pressure        `short`: logs are kept short, `full`: nobody enters; absent while there is enough memory
-- cats:pod:<pod>       channel of that Pod's process: w <visitor> (the log has changed), t <visitor> <chat> (the partner
--                      is typing), r <visitor> <connection> <newer connection> (the stream is replaced)

local SHORT_LOG = 6 -- entries, while memory is short
local ENTRY_BYTES = 100 -- of an entry beside its text
local HOUR = 3600 -- every key expires when nobody renews it: nothing leaks
local call = redis.call
local visitor = ARGV[3]

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local now = clock()
local draws = 0

local function random_hex(digits)
  draws = draws + 1
  return redis.sha1hex(ARGV[2] .. draws):sub(1, digits)
end

local function get(v, ...)
  return unpack(call('HMGET', 'cats:v:' .. v, ...))
end

local function set(v, ...)
  call('HSET', 'cats:v:' .. v, ...)
end

local function keys_of(v)
  return { 'cats:v:' .. v, 'cats:log:' .. v, 'cats:said:' .. v, 'cats:told:' .. v }
end

-- Renew what would expire within half an hour.
local function renew(keys)
  if call('TTL', keys[1]) < HOUR / 2 then
    for _, key in ipairs(keys) do call('EXPIRE', key, HOUR) end
  end
end

local function notify(pod, ...)
  if pod then call('PUBLISH', 'cats:pod:' .. pod, table.concat({ ... }, ' ')) end
end

local function under_pressure(level)
  local pressure = call('GET', 'cats:pressure')
  return pressure and (not level or pressure == level)
end

-- Drop the oldest entries, and their ids, while the log has too many or takes too much.
local function trim(v, bytes)
  local log, most = 'cats:log:' .. v, under_pressure() and SHORT_LOG or LIMIT.entries
  local length, dropped = call('XLEN', log), nil
  while length > most or (length > 1 and bytes > LIMIT.log_bytes) do
    local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
    call('XDEL', log, oldest[1])
    bytes = call('HINCRBY', 'cats:v:' .. v, 'bytes', -(#oldest[2][2] + ENTRY_BYTES))
    length, dropped = length - 1, oldest[1]:match('^%d+')
  end
  if not dropped then return end
  for _, ids in ipairs({ 'cats:said:', 'cats:told:' }) do call('ZREMRANGEBYSCORE', ids .. v, '-inf', dropped) end
end

local function append(v, event)
  local state, pod = get(v, 'state', 'pod')
  if not state then return 0 end
  local number = call('HINCRBY', 'cats:v:' .. v, 'number', 1)
  local log = 'cats:log:' .. v
  local entry = cjson.encode(event)
  call('XADD', log, number .. '-0', 'e', entry)
  trim(v, call('HINCRBY', 'cats:v:' .. v, 'bytes', #entry + ENTRY_BYTES))
  if event.type == 'paired' then set(v, 'paired', number .. ' ' .. entry) end
  call('EXPIRE', log, HOUR, 'NX')
  notify(pod, 'w', v)
  return number
end

local function remember_id(key, id, number)
  call('ZADD', key, number, id)
  call('EXPIRE', key, HOUR, 'NX')
end

-- Return nothing and count the action, or, where there were too many, the seconds after which it is allowed.
local function count_action(action)
  local since, count = get(visitor, action .. '_since', action .. '_count')
  since, count = tonumber(since or now), tonumber(count or 0)
  if now < since or now - since >= LIMIT.period then since, count = now, 0 end
  if count >= LIMIT.actions then return math.ceil((since + LIMIT.period - now) / 1000) end
  set(visitor, action .. '_since', since, action .. '_count', count + 1)
end

local function clear_log(v)
  call('DEL', 'cats:log:' .. v, 'cats:said:' .. v, 'cats:told:' .. v)
  call('HDEL', 'cats:v:' .. v, 'paired', 'bytes')
end

local function set_idle(v)
  if not get(v, 'state') then return end
  set(v, 'state', 'idle')
  call('HDEL', 'cats:v:' .. v, 'with', 'house', 'count')
end

-- Make the visitor idle, whatever its state; a partner is told why.
local function end_chat(v, why)
  local partner, chat = get(v, 'with', 'chat')
  if partner then
    append(partner, { type = 'left', chat = chat, why = why })
    set_idle(partner)
    call('SREM', 'cats:talking', v, partner)
  end
  call('SREM', 'cats:findable', v)
  call('SREM', 'cats:house', v)
  call('ZREM', 'cats:waiting', v)
  set_idle(v)
end

-- Remove the visitor, whether its hash still exists or not.
local function remove(v, why)
  local state, pod = get(v, 'state', 'pod')
  if state then end_chat(v, why) end
  notify(pod, 'w', v)
  call('DEL', unpack(keys_of(v)))
  for _, key in ipairs({ 'cats:seen', 'cats:pending', 'cats:waiting' }) do call('ZREM', key, v) end
  for _, key in ipairs({ 'cats:findable', 'cats:house', 'cats:talking' }) do call('SREM', key, v) end
end

-- Draw a findable visitor, the last partner only where `last_too`. There are hardly more than three candidates: any two
-- others would have been paired already.
local function draw_partner(v, last_too)
  local cat, last = get(v, 'cat', 'last')
  local candidates = {}
  for _, other in ipairs(call('SRANDMEMBER', 'cats:findable', 16)) do
    local its_cat, its_last = get(other, 'cat', 'last')
    if not its_cat then
      remove(other, 'gone')
    elseif other ~= v and (last_too or (its_cat ~= last and its_last ~= cat)) then
      candidates[#candidates + 1] = other
    end
  end
  return candidates[tonumber(random_hex(8), 16) % math.max(#candidates, 1) + 1]
end

local function join(v, chat, partner, cat)
  if get(v, 'state') == 'house' then
    end_chat(v, 'next')
    clear_log(v)
  end
  set(v, 'state', 'chat', 'chat', chat, 'with', partner, 'last', cat)
  append(v, { type = 'paired', chat = chat, cat = cat, house = false })
end

local function pair(first, second)
  local chat, first_cat, second_cat = random_hex(16), get(first, 'cat'), get(second, 'cat')
  join(first, chat, second, second_cat)
  join(second, chat, first, first_cat)
  call('SREM', 'cats:findable', first, second)
  call('ZREM', 'cats:waiting', first, second)
  call('SADD', 'cats:talking', first, second)
end

-- Let a visitor with a stream who wants a partner be found, or pair it at once; return whether it was paired.
-- A chat with a bot is kept when its visitor comes back and nobody else is there.
local function be_found(v, last_too)
  local state, connection = get(v, 'state', 'connection')
  if not connection or (state ~= 'waiting' and state ~= 'house') then return false end
  local other = draw_partner(v, last_too)
  if other then
    pair(v, other)
  else
    call('SADD', 'cats:findable', v)
  end
  return other ~= nil
end

local function connect(v, pod, connection)
  set(v, 'pod', pod, 'connection', connection)
  call('ZREM', 'cats:pending', v)
  call('ZADD', 'cats:seen', now, v)
  be_found(v, false)
end

local function disconnect(v)
  call('HDEL', 'cats:v:' .. v, 'connection')
  call('SREM', 'cats:findable', v)
end

-- With other visitors or with bots.
local function chats()
  return call('SCARD', 'cats:talking') / 2 + call('SCARD', 'cats:house')
end
