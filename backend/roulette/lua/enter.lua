if get(visitor, 'state') then return { 'ok' } end
if call('ZCARD', 'cats:seen') >= LIMIT.visitors then return { 'full' } end
set(visitor, 'cat', ARGV[4], 'language', ARGV[5], 'state', 'idle')
call('ZADD', 'cats:seen', now, visitor)
renew(keys_of(visitor))
return { 'ok' }
