local TEN_SECONDS = 10000
local reports = call('HGETALL', 'cats:reports')
local found = { 'ok' }
for place = 1, #reports, 2 do
  local at, status = reports[place + 1]:match('^(%d+):(.*)$')
  if now - at < TEN_SECONDS then
    found[#found + 1] = reports[place]
    found[#found + 1] = status
  else
    call('HDEL', 'cats:reports', reports[place])
  end
end
return found
