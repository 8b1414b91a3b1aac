#!lua flags=allow-oom
local state, chat = get(visitor, 'state', 'chat')
if not state then return { 'unknown' } end
if state == 'waiting' then
  empty(visitor)
elseif state ~= 'idle' then
  append(visitor, { type = 'left', chat = chat, why = 'you' })
end
step_out(visitor, 'left')
return { 'ok' }
