#!lua flags=allow-oom
remove(visitor, 'left')
return { 'ok' }
