local state, chat, partner = get(visitor, 'state', 'chat', 'with')
if not state then return { 'unknown' } end
if chat ~= ARGV[4] or state == 'idle' then return { 'elsewhere' } end
if partner then send(get(partner, 'pod'), 't', partner, chat) end
return { 'ok' }
