local pod, connection = ARGV[4], ARGV[5]
local state, old_pod, old_connection = get(visitor, 'state', 'pod', 'connection')
if not state then return { 'unknown' } end
if old_connection and old_connection ~= connection then notify(old_pod, 'r', visitor, old_connection, connection) end
set(visitor, 'pod', pod, 'connection', connection)
call('ZADD', 'cats:seen', now, visitor)
renew(keys_of(visitor))
return { 'ok' }
