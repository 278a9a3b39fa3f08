// How many grants how many nodes can keep, and where the first wall stands: the model of docs/scale.md, for numbers of
// your own.
//
//   npm run scale -- --grants 1000000 --nodes 2 --server-limit 50 --outage 30
//   npm run scale -- --json
//
// Beside the arithmetic it plays a day, minute by minute: grants become due, the slowest part says how many are renewed,
// and an outage of the authorization server begins at noon.
import { parseArgs } from "node:util"

const defaults = {
  grants: ["100000", "grants that are kept"],
  active: ["0.1", "part of them that is used within a day, and so renewed before each end of its access token"],
  lifetime: ["60", "minutes that an access token lives"],
  idle: ["30", "days after which a refresh token dies that is not used"],
  nodes: ["2", "processes that run a keeper"],
  pace: ["20", "renewals that a keeper begins in a second"],
  width: ["16", "renewals that a keeper has under way"],
  latency: ["200", "milliseconds that the authorization server takes"],
  "server-limit": ["50", "renewals that the authorization server allows in a second, for this client"],
  cpu: ["2.6", "milliseconds of one core that a renewal takes; measured by W8 of the bench"],
  cores: ["1", "cores that each process may use for it"],
  "token-bytes": ["80", "bytes of both tokens of a grant"],
  "store-writes": ["5000", "writes that the store takes in a second, each made durable"],
  outage: ["30", "minutes for which the authorization server is away, from noon on"]
} as const

type Name = keyof typeof defaults

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" as const }])),
    json: { type: "boolean" as const },
    help: { type: "boolean" as const }
  }
})

if (values["help"] === true) {
  for (const [name, [value, text]] of Object.entries(defaults)) console.log(`--${name.padEnd(14)} ${text}; ${value}`)
  process.exit(0)
}

const given: Readonly<Record<string, unknown>> = values
const number = (name: Name): number => {
  const value = Number(given[name] ?? defaults[name][0])
  if (!(value >= 0)) {
    console.error(`--${name} takes a number: ${defaults[name][1]}`)
    process.exit(2)
  }
  return value
}

const grants = number("grants")
const active = Math.round(grants * number("active"))
const idle = grants - active
const lifetime = number("lifetime")
const nodes = Math.max(1, number("nodes"))

// as `RefreshPolicy` has it: a minute before the end, a fifth of a short life at most; three days before the death
const period = {
  active: Math.max(1, lifetime - Math.min(1, lifetime * 0.2)),
  idle: Math.max(1, (number("idle") - Math.min(3, number("idle") * 0.2)) * 1440)
}
const needed = (active / period.active + idle / period.idle) / 60

/** What each part can do in a second, and what moves it. */
const limits = [
  {
    name: "the authorization server's limit",
    perSecond: number("server-limit"),
    moves: "ask for more, or for longer lifetimes"
  },
  { name: "the keepers' pace", perSecond: nodes * number("pace"), moves: "a higher `limit`, or more nodes" },
  {
    name: "the keepers' width",
    perSecond: nodes * number("width") / (number("latency") / 1000),
    moves: "a higher `concurrency`, or more nodes"
  },
  {
    name: "the processors",
    perSecond: nodes * number("cores") / (number("cpu") / 1000),
    moves: "more nodes"
  },
  {
    name: "the store's writes",
    perSecond: number("store-writes") / 2,
    moves: "faster disks, group commit, or a store for each part of the accounts"
  }
].sort((a, b) => a.perSecond - b.perSecond)

const [wall] = limits
const capacity = wall?.perSecond ?? 0

/** A day, minute by minute. */
const play = () => {
  const perMinute = capacity * 60
  // what is due in each minute to come, of those in use and of the others
  const due = { active: wheel(active, period.active), idle: wheel(idle, period.idle) }
  let late = { active: 0, idle: 0 }
  let most = 0
  let waiting = 0
  let recovered: number | undefined
  const outage = { from: 720, until: 720 + number("outage") }
  for (let minute = 0; minute < 1440; minute++) {
    late = { active: late.active + due.active.take(minute), idle: late.idle + due.idle.take(minute) }
    const isAway = minute >= outage.from && minute < outage.until
    let left = isAway ? 0 : perMinute
    // the earliest first, and those in use are due later than the others: both in turn
    for (const kind of ["active", "idle"] as const) {
      const renewed = Math.min(left, late[kind])
      left -= renewed
      late[kind] -= renewed
      due[kind].put(minute, renewed)
    }
    const backlog = late.active + late.idle
    most = Math.max(most, backlog)
    // a minute's margin: who is still late then has callers that wait for a renewal of their own
    waiting += Math.max(0, late.active - perMinute)
    if (minute >= outage.until && recovered === undefined && backlog < perMinute) recovered = minute - outage.until
  }
  return { backlog: late.active + late.idle, most, recovered, waiting }
}

/** Grants by the minute in which they are due, at first evenly spread. */
const wheel = (count: number, period: number) => {
  const length = Math.ceil(period)
  const slots = new Float64Array(length + 1).fill(count / length)
  slots[length] = 0
  return {
    take: (minute: number): number => {
      const place = minute % (length + 1)
      const taken = slots[place] ?? 0
      slots[place] = 0
      return taken
    },
    put: (minute: number, renewed: number): void => {
      const place = (minute + length) % (length + 1)
      slots[place] = (slots[place] ?? 0) + renewed
    }
  }
}

const day = play()
const result = {
  needed,
  capacity,
  wall: wall?.name,
  headroom: capacity / needed,
  grantsAtMost: Math.floor(grants * capacity / needed),
  writes: needed * 2,
  // measured by W8 of the bench, with tokens of 80 bytes
  storeGB: grants * (1_206 - 80 + number("token-bytes")) / 1e9,
  // reckoned from what W6 measures with the memory store, without tokens
  memoryMB: active * (1_000 + number("token-bytes")) / 1e6 / nodes,
  processors: needed * number("cpu") / 1000,
  day
}

if (values["json"] === true) console.log(JSON.stringify(result))
else {
  const show = (value: number, digits = 1) => value.toLocaleString("en", { maximumFractionDigits: digits })
  console.log(`${show(grants)} grants, of which ${show(active)} are in use, on ${show(nodes)} nodes`)
  console.log(
    `  needed       ${show(needed)} renewals a second: ${show(result.writes)} writes, ${
      show(result.processors, 2)
    } cores`
  )
  console.log(
    `  store        ${show(result.storeGB, 2)} GB in Postgres with its indexes; ${
      show(result.memoryMB)
    } MB in each node's memory`
  )
  for (const { moves, name, perSecond } of limits) {
    console.log(`  ${perSecond < needed ? "WALL" : "ok  "}         ${show(perSecond)} a second: ${name} (${moves})`)
  }
  console.log(
    `  headroom     ${show(result.headroom, 2)} x; the first wall stands at ${
      show(result.grantsAtMost, 0)
    } grants: ${wall?.name}`
  )
  const back = day.recovered === undefined ? "not by midnight" : `${show(day.recovered)} minutes later`
  console.log(
    `  the outage   ${show(day.most, 0)} grants late at most; all is well ${back}; ${
      show(day.backlog, 0)
    } late at midnight`
  )
}
