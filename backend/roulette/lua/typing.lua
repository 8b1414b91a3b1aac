local state, chat, partner, house = get(visitor, 'state', 'chat', 'with', 'house')
if not state then return { 'unknown' } end
if chat ~= ARGV[4] or not (partner or house) then return { 'elsewhere' } end
if partner and not count_action('typing') then notify(get(partner, 'pod'), 't', partner, chat) end
return { 'ok' }
