if get(visitor, 'state') then return { 'ok' } end
local function is_full(limit, key) return call('ZCARD', key) >= limit end
while is_full(LIMIT.pending, 'cats:pending') or is_full(LIMIT.visitors, 'cats:seen') do
  local oldest = call('ZPOPMIN', 'cats:pending')[1]
  if not oldest then return { 'full' } end
  remove(oldest, 'gone')
end
if under_pressure('full') then return { 'full' } end
set(visitor, 'cat', ARGV[4], 'language', ARGV[5], 'state', 'idle')
call('ZADD', 'cats:seen', now, visitor)
call('ZADD', 'cats:pending', now, visitor)
renew(keys_of(visitor))
return { 'ok' }
