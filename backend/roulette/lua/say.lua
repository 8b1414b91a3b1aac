local chat, id, text = ARGV[4], ARGV[5], ARGV[6]
local sent = 'cats:said:' .. visitor
local state, current, partner, house, count = get(visitor, 'state', 'chat', 'with', 'house', 'count')
if not state then return { 'unknown' } end

local number = current == chat and call('ZSCORE', sent, id)
if number then
  local later = call('ZCARD', sent) - 1 - call('ZRANK', sent, id)
  return { 'ok', tonumber(number), 1, house or '', house and count - later or 0 }
end
if current ~= chat or not (partner or house) then return { 'elsewhere' } end

local wait = count_action('say')
if wait then return { 'often', 'messages', wait } end

local event = { type = 'message', chat = chat, id = id, mine = true, text = text, at = now }
number = append(visitor, event)
remember_id(sent, id, number)
if house then return { 'ok', number, 0, house, call('HINCRBY', 'cats:v:' .. visitor, 'count', 1) } end
event.mine = false
append(partner, event)
return { 'ok', number, 0, '', 0 }
