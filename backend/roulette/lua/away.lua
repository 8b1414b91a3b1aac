#!lua flags=allow-oom
local page = ARGV[4]
local state, pod, connection = get(visitor, 'state', 'pod', 'connection')
if not state then return { 'unknown' } end
if connection and connection:sub(1, #page + 1) == page .. '.' then
  disconnect(visitor)
  call('ZADD', 'cats:seen', now - LIMIT.absent + LIMIT.away, visitor)
  notify(pod, 'r', visitor, connection, page .. '.away')
end
return { 'ok' }
