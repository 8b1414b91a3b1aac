-- What every script begins with. Before it stands `local LIMIT = {...}`: milliseconds and counts.
-- ARGV[1] is the time in Unix milliseconds, empty for this server's own; ARGV[2] is random, new with each call.
--
-- cats:v:<visitor>     hash: cat, language, state, chat (the latest, which may be over), with (the partner), house
--                      (the house cat's seed), count (how often it was spoken to), last (the cat of the last partner),
--                      request, number (of the latest entry), paired (<number> <entry>: the chat's beginning, which the
--                      log may have forgotten), pod, connection; <what>_since and <what>_count for charge
-- cats:log:<visitor>   stream of entries <number>-0, each one JSON
-- cats:said:<visitor>  sorted set of the ids that the visitor's messages of this chat had, by number
-- cats:told:<visitor>  the same for what the house cat said
-- cats:seen            sorted set of all visitors by the last time their stream was open
-- cats:waiting         sorted set of those at a window, by the time they came
-- cats:findable        set of those at a window or with a house cat
-- cats:talking         set of those in a chat with another visitor
-- cats:reports         hash of what the Pods say of themselves, by name: <time>:<what they say>
-- cats:pod:<pod>       channel of that Pod's process: w <visitor>, t <visitor> <chat>, r <visitor> <connection> <newer connection>,
--                      o <command>

local HOUR = 3600 -- every key expires when nobody renews it: nothing leaks
local call = redis.call
local visitor = ARGV[3]

local function clock()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local now = clock()
local drawn = 0

-- Some new hexadecimal digits.
local function fresh(digits)
  drawn = drawn + 1
  return redis.sha1hex(ARGV[2] .. drawn):sub(1, digits)
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

local function send(pod, ...)
  if pod then call('PUBLISH', 'cats:pod:' .. pod, table.concat({ ... }, ' ')) end
end

local function append(v, event)
  local state, pod = get(v, 'state', 'pod')
  if not state then return 0 end
  local number = call('HINCRBY', 'cats:v:' .. v, 'number', 1)
  local log = 'cats:log:' .. v
  local entry = cjson.encode(event)
  call('XADD', log, 'MAXLEN', LIMIT.entries, number .. '-0', 'e', entry)
  if event.type == 'paired' then set(v, 'paired', number .. ' ' .. entry) end
  call('EXPIRE', log, HOUR, 'NX')
  send(pod, 'w', v)
  return number
end

-- Remember that the message of that id is entry `number`.
local function remember(key, id, number)
  call('ZADD', key, number, id)
  call('EXPIRE', key, HOUR, 'NX')
  call('ZREMRANGEBYRANK', key, 0, -LIMIT.entries - 1)
end

-- Count something that the visitor does; give nothing, or, uncounted, in how many seconds it may be done again.
local function charge(what)
  local since, count = get(visitor, what .. '_since', what .. '_count')
  since, count = tonumber(since or now), tonumber(count or 0)
  if now < since or now - since >= LIMIT.window then since, count = now, 0 end
  if count >= LIMIT.per_window then return math.ceil((since + LIMIT.window - now) / 1000) end
  set(visitor, what .. '_since', since, what .. '_count', count + 1)
end

local function empty(v)
  call('DEL', 'cats:log:' .. v, 'cats:said:' .. v, 'cats:told:' .. v)
  call('HDEL', 'cats:v:' .. v, 'paired')
end

local function rest(v)
  if not get(v, 'state') then return end
  set(v, 'state', 'idle')
  call('HDEL', 'cats:v:' .. v, 'with', 'house', 'count')
end

-- End what the visitor is in, whatever it is; a partner learns why.
local function step_out(v, why)
  local partner, chat = get(v, 'with', 'chat')
  if partner then
    append(partner, { type = 'left', chat = chat, why = why })
    rest(partner)
    call('SREM', 'cats:talking', v, partner)
  end
  call('SREM', 'cats:findable', v)
  call('ZREM', 'cats:waiting', v)
  rest(v)
end

-- Forget the visitor, whether there is still a hash or not.
local function forget(v, why)
  local state, pod = get(v, 'state', 'pod')
  if state then step_out(v, why) end
  send(pod, 'w', v)
  call('DEL', unpack(keys_of(v)))
  call('ZREM', 'cats:seen', v)
  call('ZREM', 'cats:waiting', v)
  call('SREM', 'cats:findable', v)
  call('SREM', 'cats:talking', v)
end

-- Draw one who can be found, the last partner only when `again`. There are hardly more than three to look at: any two
-- others would have been paired already.
local function find(v, again)
  local cat, last = get(v, 'cat', 'last')
  local fit = {}
  for _, other in ipairs(call('SRANDMEMBER', 'cats:findable', 16)) do
    local its_cat, its_last = get(other, 'cat', 'last')
    if not its_cat then
      forget(other, 'gone')
    elseif other ~= v and (again or (its_cat ~= last and its_last ~= cat)) then
      fit[#fit + 1] = other
    end
  end
  return fit[tonumber(fresh(8), 16) % math.max(#fit, 1) + 1]
end

local function join(v, chat, partner, cat)
  if get(v, 'state') == 'house' then
    step_out(v, 'next')
    empty(v)
  end
  set(v, 'state', 'chat', 'chat', chat, 'with', partner, 'last', cat)
  append(v, { type = 'paired', chat = chat, cat = cat, house = false })
end

local function pair(one, two)
  local chat, cat_one, cat_two = fresh(16), get(one, 'cat'), get(two, 'cat')
  join(one, chat, two, cat_two)
  join(two, chat, one, cat_one)
  call('SREM', 'cats:findable', one, two)
  call('ZREM', 'cats:waiting', one, two)
  call('SADD', 'cats:talking', one, two)
end

-- With other visitors or with house cats.
local function chats()
  return call('SCARD', 'cats:talking') / 2 + call('SCARD', 'cats:findable') - call('ZCARD', 'cats:waiting')
end
