#!lua flags=allow-oom
forget(visitor, 'left')
return { 'ok' }
