local chat, id, text = ARGV[4], ARGV[5], ARGV[6]
local said = 'cats:said:' .. visitor
local state, current, partner, house, count, from, charged =
  get(visitor, 'state', 'chat', 'with', 'house', 'count', 'window', 'charged')
if not state then return { 'unknown' } end

local number = current == chat and call('ZSCORE', said, id)
if number then
  local later = call('ZCARD', said) - 1 - call('ZRANK', said, id)
  return { 'ok', tonumber(number), 1, house or '', house and count - later or 0 }
end
if current ~= chat or not (partner or house) then return { 'elsewhere' } end

from, charged = tonumber(from or now), tonumber(charged or 0)
if now < from or now - from >= LIMIT.window then from, charged = now, 0 end
if charged >= LIMIT.messages then return { 'messages', math.ceil((from + LIMIT.window - now) / 1000) } end
set(visitor, 'window', from, 'charged', charged + 1)

local event = { type = 'message', chat = chat, id = id, mine = true, text = text, at = now }
number = append(visitor, event)
remember(said, id, number)
if house then return { 'ok', number, 0, house, call('HINCRBY', 'cats:v:' .. visitor, 'count', 1) } end
event.mine = false
append(partner, event)
return { 'ok', number, 0, '', 0 }
