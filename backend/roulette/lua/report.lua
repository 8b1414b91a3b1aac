call('HSET', 'cats:reports', ARGV[3], string.format('%.0f:', now) .. ARGV[4])
call('EXPIRE', 'cats:reports', HOUR)
return { 'ok' }
