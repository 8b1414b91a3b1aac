#!lua flags=allow-oom
-- ARGV[3] is 1 when absence can be judged. What is left over by so many at a time is done by the next tick.
local MOST = 200

if ARGV[3] == '1' then
  local long_ago = '(' .. string.format('%.0f', now - LIMIT.absent)
  for _, v in ipairs(call('ZRANGEBYSCORE', 'cats:seen', '-inf', long_ago, 'LIMIT', 0, MOST)) do remove(v, 'gone') end
end

local alone = call('ZRANGEBYSCORE', 'cats:waiting', '-inf', now - LIMIT.alone, 'LIMIT', 0, MOST)
for _, v in ipairs(alone) do
  if chats() >= LIMIT.chats then break end
  if get(v, 'state') == 'waiting' then
    local other = draw_partner(v, false) or draw_partner(v, true)
    if other then
      pair(v, other)
    else
      local chat, house = random_hex(16), random_hex(10)
      set(v, 'state', 'house', 'chat', chat, 'house', house, 'count', 0)
      call('ZREM', 'cats:waiting', v)
      append(v, { type = 'paired', chat = chat, cat = house, house = true })
    end
  end
end

for _, key in ipairs({ 'cats:seen', 'cats:waiting', 'cats:findable', 'cats:talking' }) do renew({ key }) end
return { 'ok' }
