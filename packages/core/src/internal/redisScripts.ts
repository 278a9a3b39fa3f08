/**
 * The scripts by which grants are kept in Redis. Each is one step that nothing
 * comes between, and names all keys that it touches.
 *
 * A grant is a hash: `version`, `head` and `body` (JSON), `history` (lines, the
 * newest first), and `due`, `retry`, `lease` and `changed`, instants in
 * milliseconds that the scripts compute by Redis's clock.
 */
import * as Redis from "effect/persistence/Redis"

/** A script, run with the keys that it touches and its arguments. */
export type Script = Redis.Script<{
  readonly params: [keys: ReadonlyArray<string>, args: ReadonlyArray<string | number>]
  readonly result: unknown
}>

const script = (lua: string): Script =>
  Redis.script(
    (keys: ReadonlyArray<string>, args: ReadonlyArray<string | number>) => [...keys, ...args],
    { lua: `${common}\n${lua}`, numberOfKeys: (keys) => keys.length }
  ).withReturnType<unknown>()

// Lua writes large numbers with an exponent unless told otherwise
const common = `
local function text(number) return string.format('%.0f', number) end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function outcome(accepted, at, key)
  local fields = redis.call('HMGET', key, 'version', 'head', 'due', 'retry', 'lease', 'changed', 'body')
  return { accepted, text(at), fields }
end`

/** The record of a key. */
export const read = script(`return outcome('', now(), KEYS[1])`)

/**
 * Writes a record if the one that stands has the version `expected` (`=` and the
 * version, or nothing where there is to be no record).
 *
 * The version is the number of the write and the write's own id. The number alone
 * might come again, after a failover to a replica that lagged; the id alone after
 * a removal, when the same write arrives twice.
 *
 * A winner is told the version and the instants: the rest it has written itself.
 */
export const write = script(`
local grant, sequence, keys, providers, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local expected, id, provider, writeId, head, body, state = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local dueIn, retryIn, leaseFor, channel, note, limit = ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12], ARGV[13]

local at = now()
local version, before, history = unpack(redis.call('HMGET', grant, 'version', 'head', 'history'))
if expected ~= (version and '=' .. version or '') then return outcome('', at, grant) end

local number = text(redis.call('INCR', sequence))
version = number .. '-' .. writeId

if redis.call('ZADD', keys, 0, id) == 1 then redis.call('SADD', providers, provider) end
-- the head says which state the key leaves; where it does not, it leaves them all
local was = before and string.match(before, '"state":{"_tag":"(%a+)"')
for i = 6, #KEYS do
  if KEYS[i] == state then redis.call('ZADD', KEYS[i], 0, id)
  elseif not was or string.sub(KEYS[i], -#was - 1) == ':' .. was then redis.call('ZREM', KEYS[i], id) end
end
if dueIn == '' then redis.call('ZREM', due, id) else redis.call('ZADD', due, text(at + dueIn), id) end

local kept, gone = { 'version', version, 'head', head, 'body', body, 'changed', text(at) }, {}
local function keep(field, value)
  if value then kept[#kept + 1] = field; kept[#kept + 1] = value else gone[#gone + 1] = field end
end
local function after(duration) return duration ~= '' and text(at + duration) end
local dueAt, retryAt, leaseUntil = after(dueIn), after(retryIn), after(leaseFor)
keep('due', dueAt)
keep('retry', retryAt)
keep('lease', leaseUntil)
if note ~= '' then
  keep('history', string.sub(text(at) .. ' ' .. note .. '\\n' .. (history or ''), 1, tonumber(limit)))
end
redis.call('HSET', grant, unpack(kept))
if #gone > 0 then redis.call('HDEL', grant, unpack(gone)) end

redis.pcall('PUBLISH', channel, number .. ' ' .. id .. ' ' .. version)
return { 'accepted', text(at), { version, dueAt, retryAt, leaseUntil } }`)

/** Moves the lease of a record that has this version and a lease. */
export const extend = script(`
local version, leaseFor = ARGV[1], ARGV[2]

local at = now()
local standing = redis.call('HMGET', KEYS[1], 'version', 'lease')
if standing[1] ~= version or not standing[2] then return outcome('', at, KEYS[1]) end

redis.call('HSET', KEYS[1], 'lease', text(at + leaseFor))
return outcome('accepted', at, KEYS[1])`)

/** Removes a record that has this version. */
export const remove = script(`
local grant, sequence = KEYS[1], KEYS[2]
local version, id, channel = ARGV[1], ARGV[2], ARGV[3]

local at = now()
if redis.call('HGET', grant, 'version') ~= version then return outcome('', at, grant) end

local number = text(redis.call('INCR', sequence))
for i = 3, #KEYS do redis.call('ZREM', KEYS[i], id) end
redis.call('DEL', grant)
redis.pcall('PUBLISH', channel, number .. ' ' .. id)
return outcome('accepted', at, grant)`)

/** What happened to a grant. */
export const history = script(`return redis.call('HGET', KEYS[1], 'history') or ''`)

/** Moves a record that has this version to where no index leads. One without a version has the empty one. */
export const setAside = script(`
local grant, sequence, aside = KEYS[1], KEYS[2], KEYS[3]
local version, id, channel = ARGV[1], ARGV[2], ARGV[3]

local at = text(now())
if redis.call('EXISTS', grant) == 0 then return { '', at } end
if (redis.call('HGET', grant, 'version') or '') ~= version then return { '', at } end

local number = text(redis.call('INCR', sequence))
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], id) end
redis.call('RENAME', grant, aside)
redis.pcall('PUBLISH', channel, number .. ' ' .. id)
return { 'accepted', at }`)

/** The heads of records, in the order of the keys; what is not there is empty. */
export const heads = script(`
local found = {}
for i = 1, #KEYS do found[i] = redis.call('HMGET', KEYS[i], 'version', 'head', 'due', 'retry', 'lease', 'changed') end
return found`)

/** The members of a set. */
export const members = script(`return redis.call('SMEMBERS', KEYS[1])`)

/**
 * What is due in some indexes (after the first key, which only leads to the right
 * node), the earliest first, beginning after a cursor: one more than the limit,
 * to tell whether there is another page.
 */
export const due = script(`
local before, limit, score, member = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]

-- the rank of the first entry after the cursor, whose own entry may have gone
local function start(index)
  if score == '' then return 0 end
  local low = redis.call('ZCOUNT', index, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', index, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZRANGE', index, middle, middle)[1] <= member then low = middle + 1 else high = middle end
  end
  return low
end

local found = {}
for i = 2, #KEYS do
  local from = start(KEYS[i])
  local page = redis.call('ZRANGE', KEYS[i], from, from + limit, 'WITHSCORES')
  for j = 1, #page, 2 do
    local at = tonumber(page[j + 1])
    if at < before then found[#found + 1] = { at, page[j] } end
  end
end
table.sort(found, function(a, b) return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2]) end)

local entries = {}
for i = 1, math.min(#found, limit + 1) do entries[i] = { text(found[i][1]), found[i][2] } end
return { text(now()), entries }`)

/**
 * Keys of an index in their order, from `min` to `max`: as many as are wanted of
 * the account (or of all), after looking at no more than a thousand. Says where
 * to go on, or nothing at the end.
 */
export const scan = script(`
local min, max, wanted, account = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]

local page = redis.call('ZRANGEBYLEX', KEYS[1], min, max, 'LIMIT', 0, 1000)
local found, last = {}, page[1000] or ''
for i = 1, #page do
  if account == '' or account == '=' .. (string.match(page[i], '^[^|]*|[^|]*|[^|]*|([^|]*)') or '') then
    found[#found + 1] = page[i]
    if #found == wanted then
      last = page[i]
      break
    end
  end
end
return { text(now()), last, found }`)

/** Announces how far the store is, and changes nothing. */
export const pulse = script(`return redis.call('PUBLISH', ARGV[1], redis.call('GET', KEYS[1]) or '0')`)
