local state, request = get(visitor, 'state', 'request')
if not state then return { 'unknown' } end
if request == ARGV[4] then return { 'ok', state } end
local own = (state == 'chat' or state == 'house') and 1 or 0
if chats() - own >= LIMIT.chats then return { 'chats' } end
local wait = count_action('seek')
if wait then return { 'often', 'chats', wait } end

end_chat(visitor, 'next')
clear_log(visitor)
set(visitor, 'request', ARGV[4])
set(visitor, 'state', 'waiting')
if be_found(visitor, false) then return { 'ok', 'chat' } end
call('ZADD', 'cats:waiting', now, visitor)
append(visitor, { type = 'waiting' })
return { 'ok', 'waiting' }
