#!lua flags=allow-oom
local state, chat = get(visitor, 'state', 'chat')
if not state then return { 'unknown' } end
if state == 'waiting' then
  clear_log(visitor)
elseif state ~= 'idle' then
  append(visitor, { type = 'left', chat = chat, why = 'you' })
end
end_chat(visitor, 'left')
return { 'ok' }
