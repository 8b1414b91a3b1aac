#!lua flags=allow-oom
if get(visitor, 'connection') == ARGV[4] then disconnect(visitor) end
return { 'ok' }
