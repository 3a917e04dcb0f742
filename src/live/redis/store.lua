-- Stores what a node knows of units of one city, and tells the city's marker.
--
-- KEYS[1] fixes  hash     call sign -> fix: 8 bytes moment (double, big-endian), 4 bytes cell, 16 bytes place, the rest
--                         is the nodes' own; field * -> the marker
-- KEYS[2] said   hash     call sign -> F, B or O (free, busy, off) and the number of the journal's event
-- KEYS[3] cells  hash     4 bytes cell -> a record for each free unit whose fix is there, one after the other: call sign,
--                         filled up to 10 bytes with zeros, and the first 28 bytes of the fix; field * -> how many
--                         records there are. Whoever reads a cell needs nothing else
-- KEYS[4] log    stream   what changed, call sign -> fix or said or X; kept while somebody looks
-- KEYS[5] looked string   there while a node mirrors the city
-- ARGV[1] a new marker, used if there is none
-- ARGV[2] how many units were said something of (m): ARGV[3 .. 2+m] call signs, ARGV[3+m .. 2+2m] said; X takes the
--         unit off the map
-- the rest: n call signs, n fixes
--
-- Answers the marker. Who knows another one must send all it knows: the city was forgotten, or is new.
-- An older fix never takes the place of a newer one, nor an older event's word that of a newer event.
local call, sub, find, concat, number = redis.call, string.sub, string.find, table.concat, struct.unpack
local WIDTH = 38
local function record(sign, fix) return sign .. string.rep('\0', 10 - #sign) .. sub(fix, 1, 28) end
local function is_free(said) return said and sub(said, 1, 1) == 'F' end
local m = tonumber(ARGV[2])
local first = 2 + 2 * m
local n = (#ARGV - first) / 2
local log, l = {}, 0

-- The fix that a touched unit stands in its cell with, before this call and after it; false where it does not.
local units, u, before, after = {}, 0, {}, {}
local function stands(sign, was, is)
  if before[sign] == nil then
    u = u + 1
    units[u], before[sign] = sign, was or false
  end
  after[sign] = is or false
end

for i = 1, m do
  local sign, new = ARGV[2 + i], ARGV[2 + m + i]
  local old = call('HGET', KEYS[2], sign)
  local fix = call('HGET', KEYS[1], sign)
  local was = is_free(old) and fix
  if new == 'X' then
    if fix then
      call('HDEL', KEYS[1], sign)
      stands(sign, was, false)
    end
    if old then call('HSET', KEYS[2], sign, 'O' .. sub(old, 2)) end
    log[l + 1], log[l + 2] = sign, new
    l = l + 2
  elseif not old or (old ~= new and tonumber(sub(new, 2)) >= tonumber(sub(old, 2))) then
    call('HSET', KEYS[2], sign, new)
    stands(sign, was, is_free(new) and fix)
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
  -- No unit has a fix, so none stands in a cell.
  call('DEL', KEYS[3])
end

local set, s = {}, 0
local said = n > 0 and call('HMGET', KEYS[2], unpack(ARGV, first + 1, first + n))
for i = 1, n do
  local new, old = ARGV[first + n + i], known[i + 1]
  if not old or number('>d', new) > number('>d', old) then
    local sign = ARGV[first + i]
    set[s + 1], set[s + 2] = sign, new
    s = s + 2
    if is_free(said[i]) then stands(sign, old, new) end
  end
end
if s > 0 then call('HSET', KEYS[1], unpack(set, 1, s)) end

-- What goes from each cell, and what comes to it.
local cells, c, gone, come = {}, 0, {}, {}
local function change(list, sign, fix)
  local cell = sub(fix, 9, 12)
  if not gone[cell] then
    c = c + 1
    cells[c], gone[cell], come[cell] = cell, {}, {}
  end
  local here = list[cell]
  here[#here + 1] = record(sign, fix)
end
for i = 1, u do
  local sign = units[i]
  local was, is = before[sign], after[sign]
  if was ~= is then
    if was then change(gone, sign, was) end
    if is then change(come, sign, is) end
  end
end

-- The records without these. Of many, each record is looked at once, so that a crowd in one cell costs its length, not
-- its square.
local function without(records, these)
  if #these > 4 then
    local goes, kept, k = {}, {}, 0
    for i = 1, #these do goes[these[i]] = true end
    for at = 1, #records, WIDTH do
      local one = sub(records, at, at + WIDTH - 1)
      if not goes[one] then
        k = k + 1
        kept[k] = one
      end
    end
    return concat(kept)
  end
  for i = 1, #these do
    local at = find(records, these[i], 1, true)
    while at and at % WIDTH ~= 1 do at = find(records, these[i], at + 1, true) end
    if at then records = sub(records, 1, at - 1) .. sub(records, at + WIDTH) end
  end
  return records
end

if c > 0 then
  local held = call('HMGET', KEYS[3], '*', unpack(cells, 1, c))
  local total, full, f, empty, e = tonumber(held[1] or 0), {}, 0, {}, 0
  for i = 1, c do
    local old = held[i + 1] or ''
    local new = without(old, gone[cells[i]]) .. concat(come[cells[i]])
    total = total + (#new - #old) / WIDTH
    if #new > 0 then
      full[f + 1], full[f + 2] = cells[i], new
      f = f + 2
    else
      e = e + 1
      empty[e] = cells[i]
    end
  end
  if e > 0 then call('HDEL', KEYS[3], unpack(empty, 1, e)) end
  call('HSET', KEYS[3], '*', total, unpack(full, 1, f))
end

if (s > 0 or l > 0) and call('EXISTS', KEYS[5]) == 1 then
  if l > 0 then call('XADD', KEYS[4], 'MAXLEN', '~', 64, '*', unpack(log, 1, l)) end
  if s > 0 then call('XADD', KEYS[4], 'MAXLEN', '~', 64, '*', unpack(set, 1, s)) end
end
return marker
