#!lua flags=allow-oom
-- ARGV[3] is the Pod; then follow visitors, each with its connection.
local newer = {}
for place = 4, #ARGV, 2 do
  local v, connection = ARGV[place], ARGV[place + 1]
  local state, current = get(v, 'state', 'connection')
  if state then
    if not current then -- a newer stream has failed
      connect(v, ARGV[3], connection)
    elseif current ~= connection then
      newer[#newer + 1], newer[#newer + 2] = v, current
    end
    call('ZADD', 'cats:seen', now, v)
    renew(keys_of(v))
  end
end
return { 'ok', newer }
