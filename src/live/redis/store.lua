-- Stores what a node knows of units of one city, and tells the city's marker.
--
-- KEYS[1] fixes  hash     call sign -> fix: 8 bytes moment (double, big-endian), 4 bytes cell, 16 bytes place, the rest
--                         is the nodes' own; field * -> the marker
-- KEYS[2] said   hash     call sign -> F, B or O (free, busy, off) and the number of the journal's event
-- KEYS[3] free   zset     of each free unit that has a fix, call sign and the first 28 bytes of the fix, scored with the
--                         cell: whoever reads a cell needs nothing else
-- KEYS[4] log    stream   what changed, call sign -> fix or said or X; kept while somebody looks
-- KEYS[5] looked string   there while a node mirrors the city
-- ARGV[1] a new marker, used if there is none
-- ARGV[2] how many units were said something of (m): ARGV[3 .. 2+m] call signs, ARGV[3+m .. 2+2m] said; X takes the
--         unit off the map
-- the rest: n call signs, n fixes
--
-- Answers the marker. Who knows another one must send all it knows: the city was forgotten, or is new.
-- An older fix never takes the place of a newer one, nor an older event's word that of a newer event.
local call, sub, number = redis.call, string.sub, struct.unpack
local function member(sign, fix) return sign .. sub(fix, 1, 28) end
local function cell(fix) return (number('>I4', fix, 9)) end
local m = tonumber(ARGV[2])
local first = 2 + 2 * m
local n = (#ARGV - first) / 2
local log, l = {}, 0

for i = 1, m do
  local sign, new = ARGV[2 + i], ARGV[2 + m + i]
  local old = call('HGET', KEYS[2], sign)
  local fix = call('HGET', KEYS[1], sign)
  if new == 'X' then
    if fix then
      call('HDEL', KEYS[1], sign)
      call('ZREM', KEYS[3], member(sign, fix))
    end
    if old then call('HSET', KEYS[2], sign, 'O' .. sub(old, 2)) end
    log[l + 1], log[l + 2] = sign, new
    l = l + 2
  elseif not old or (old ~= new and tonumber(sub(new, 2)) >= tonumber(sub(old, 2))) then
    call('HSET', KEYS[2], sign, new)
    if fix and sub(new, 1, 1) == 'F' then
      call('ZADD', KEYS[3], cell(fix), member(sign, fix))
    elseif fix then
      call('ZREM', KEYS[3], member(sign, fix))
    end
    log[l + 1], log[l + 2] = sign, new
    l = l + 2
  end
end

local known = call('HMGET', KEYS[1], '*', unpack(ARGV, first + 1, first + n))
local marker = known[1]
if not marker then
  -- Longer than 64 bytes: keeps the hash a table; packed as a list, finding a unit would cost its length.
  marker = ARGV[1] .. string.rep('.', 64)
  call('HSET', KEYS[1], '*', marker)
end

local set, s, gone, g, come, c = {}, 0, {}, 0, {}, 0
local said = n > 0 and call('HMGET', KEYS[2], unpack(ARGV, first + 1, first + n))
for i = 1, n do
  local new, old = ARGV[first + n + i], known[i + 1]
  if not old or number('>d', new) > number('>d', old) then
    local sign = ARGV[first + i]
    set[s + 1], set[s + 2] = sign, new
    s = s + 2
    if said[i] and sub(said[i], 1, 1) == 'F' then
      if old then
        g = g + 1
        gone[g] = member(sign, old)
      end
      come[c + 1], come[c + 2] = cell(new), member(sign, new)
      c = c + 2
    end
  end
end
if s > 0 then call('HSET', KEYS[1], unpack(set, 1, s)) end
if g > 0 then call('ZREM', KEYS[3], unpack(gone, 1, g)) end
if c > 0 then call('ZADD', KEYS[3], unpack(come, 1, c)) end

if (s > 0 or l > 0) and call('EXISTS', KEYS[5]) == 1 then
  if l > 0 then call('XADD', KEYS[4], 'MAXLEN', '~', 64, '*', unpack(log, 1, l)) end
  if s > 0 then call('XADD', KEYS[4], 'MAXLEN', '~', 64, '*', unpack(set, 1, s)) end
end
return marker
