local chat, id, text = ARGV[4], ARGV[5], ARGV[6]
local told = 'cats:told:' .. visitor
local state, current = get(visitor, 'state', 'chat')
if not state then return { 'unknown' } end
if current == chat and call('ZSCORE', told, id) then return { 'ok' } end
if current ~= chat or state ~= 'house' then return { 'elsewhere' } end
remember(told, id, append(visitor, { type = 'message', chat = chat, id = id, mine = false, text = text, at = now }))
return { 'ok' }
