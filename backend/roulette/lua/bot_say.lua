local chat, id, text = ARGV[4], ARGV[5], ARGV[6]
local bot_messages = 'cats:told:' .. visitor
local state, current = get(visitor, 'state', 'chat')
if not state then return { 'unknown' } end
if current == chat and call('ZSCORE', bot_messages, id) then return { 'ok' } end
if current ~= chat or state ~= 'house' then return { 'elsewhere' } end
remember_id(bot_messages, id, append(visitor, { type = 'message', chat = chat, id = id, mine = false, text = text, at = now }))
return { 'ok' }
