local cats = {}
for _, v in ipairs(call('SRANDMEMBER', 'cats:findable', 24)) do cats[#cats + 1] = get(v, 'cat') or nil end
return { 'ok', call('ZCARD', 'cats:seen'), call('ZCARD', 'cats:waiting'), chats(), cats }
