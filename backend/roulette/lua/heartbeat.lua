#!lua flags=allow-oom
for place = 3, #ARGV do
  local v = ARGV[place]
  if call('EXISTS', 'cats:v:' .. v) == 1 then
    call('ZADD', 'cats:seen', now, v)
    renew(keys_of(v))
  end
end
return { 'ok' }
