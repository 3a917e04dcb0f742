-- The free units of one city in some cells, with their fixes.
--
-- KEYS[1] fixes  hash  call sign -> fix
-- KEYS[2] free   zset  call sign of each free unit that has a fix, scored with its cell
-- ARGV[1] if there are no more free units than this, all are answered
-- the rest: pairs of the first and the last cell of a range
--
-- Answers how many free units there are, 1 if the answer holds all of them and else 0, then call sign and fix of each.
local call = redis.call
local most = tonumber(ARGV[1])
local total = call('ZCARD', KEYS[2])
local signs
if total <= most then
  signs = call('ZRANGE', KEYS[2], 0, -1)
else
  signs = {}
  for i = 2, #ARGV, 2 do
    local found = call('ZRANGEBYSCORE', KEYS[2], ARGV[i], ARGV[i + 1])
    for j = 1, #found do signs[#signs + 1] = found[j] end
  end
end
local answer = { total, total <= most and 1 or 0 }
local a = 2
for from = 1, #signs, 4000 do
  local to = math.min(from + 3999, #signs)
  local fixes = call('HMGET', KEYS[1], unpack(signs, from, to))
  for j = from, to do
    answer[a + 1], answer[a + 2] = signs[j], fixes[j - from + 1]
    a = a + 2
  end
end
return answer
