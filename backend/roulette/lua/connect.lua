#!lua flags=allow-oom
local pod, connection = ARGV[4], ARGV[5]
local state, old_pod, old_connection = get(visitor, 'state', 'pod', 'connection')
if not state then return { 'unknown' } end
connect(visitor, pod, connection)
renew(keys_of(visitor))
return { 'ok', old_pod or '', old_connection or '' }
