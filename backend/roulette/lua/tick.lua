#!lua flags=allow-oom
-- Absence is judged up to ARGV[3], a time that this server's clock cannot have passed unless it was set; 0 for not at
-- all. What is left over by so many at a time is done by the next tick.
local MOST = 200

local function judge(key, limit)
  local long_ago = '(' .. string.format('%.0f', now - limit)
  for _, v in ipairs(call('ZRANGEBYSCORE', key, '-inf', long_ago, 'LIMIT', 0, MOST)) do remove(v, 'gone') end
end

if now <= tonumber(ARGV[3]) then
  judge('cats:seen', LIMIT.absent)
  judge('cats:pending', LIMIT.arrive)
end

-- A clock that was set back must not make anybody wait, or stay, until it has caught up.
for _, key in ipairs({ 'cats:seen', 'cats:pending', 'cats:waiting' }) do
  for _, v in ipairs(call('ZRANGEBYSCORE', key, '(' .. now, '+inf', 'LIMIT', 0, MOST)) do call('ZADD', key, now, v) end
end

local alone = call('ZRANGEBYSCORE', 'cats:waiting', '-inf', now - LIMIT.alone, 'LIMIT', 0, MOST)
for _, v in ipairs(alone) do
  if chats() >= LIMIT.chats then break end
  if get(v, 'state') == 'waiting' and not be_found(v, false) and not be_found(v, true) then
    local chat, house = random_hex(16), random_hex(10)
    set(v, 'state', 'house', 'chat', chat, 'house', house, 'count', 0)
    call('SADD', 'cats:house', v)
    call('ZREM', 'cats:waiting', v)
    append(v, { type = 'paired', chat = chat, cat = house, house = true })
  end
end

for _, key in ipairs({ 'seen', 'pending', 'waiting', 'findable', 'house', 'talking' }) do renew({ 'cats:' .. key }) end

-- Above 60 % of maxmemory logs are kept short, above 85 % nobody enters: the rest is for those who are in.
local memory = redis.pcall('INFO', 'memory')
local used, most = 0, 0
if type(memory) == 'string' then
  used, most = tonumber(memory:match('used_memory:(%d+)')), tonumber(memory:match('maxmemory:(%d+)'))
end
local pressure = used > 0.85 * most and 'full' or 'short'
if used > 0.6 * most and most > 0 then
  call('SET', 'cats:pressure', pressure, 'EX', 5)
else
  call('DEL', 'cats:pressure')
end
return { 'ok', string.format('%.0f', now), under_pressure('full') and 1 or 0, used, most }
