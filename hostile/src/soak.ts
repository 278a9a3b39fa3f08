/**
 * Keeps 64 grants renewed through one trouble after another, and looks at what is left over:
 *
 *     npm run soak -- --minutes 10 [--json]
 *
 * The library runs in a process of its own, and so does a control: the same HTTP client and the same renewals without the
 * library. Each has a server to itself, in a third and a fourth process.
 *
 * The last line is one JSON object; with `--json` it is the only one on the standard output. The exit code is 1 where a
 * grant was lost, memory, timers or listeners grew, the breaker did not open and close, or a server in trouble was asked
 * more often than the schedule promises.
 */
import { fork } from "node:child_process"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { cycle, grants, type Left, type Message, promised, type Tally, type Told } from "./soak/Settings.ts"
import * as Trend from "./soak/Trend.ts"

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, json: { type: "boolean", default: false } }
})
const minutes = Number(values.minutes)
if (!(minutes >= 0.5)) {
  console.error("--minutes is a number, and half a minute at least.")
  process.exit(2)
}
const say = (line: string) => values.json ? process.stderr.write(`${line}\n`) : console.log(line)

interface Run {
  readonly seen: ReadonlyArray<Left>
  readonly end: Left
  readonly tally: Tally
  readonly told: Told
}

const child = (name: string) => {
  const forked = fork(path.join(import.meta.dirname, "soak", `${name}.ts`))
  const hears = <T extends Message["_tag"]>(tag: T): Promise<Extract<Message, { readonly _tag: T }>> =>
    new Promise((resolve, reject) => {
      const listener = (message: Message): void => {
        if (message._tag !== tag) return
        forked.off("message", listener)
        resolve(message as Extract<Message, { readonly _tag: T }>)
      }
      forked.on("message", listener)
      forked.once("exit", (code) => reject(new Error(`${name} ended with ${code}`)))
    })
  return { forked, hears, tell: (message: Message): void => void forked.send(message) }
}

/** Runs one process of users against a server of its own. */
const run = async (name: "library" | "control"): Promise<Run> => {
  const server = child("server")
  const { port } = await server.hears("Listening")
  const issued = server.hears("Issued")
  server.tell({ _tag: "Issue", grants })
  const { tokens } = await issued
  const asked = () => {
    const told = server.hears("Told")
    server.tell({ _tag: "Tell" })
    return told
  }

  const users = child(name)
  const seen: Array<Left> = []
  const hear = async (message: Message): Promise<void> => {
    if (message._tag === "Calm") server.tell(message)
    if (message._tag !== "Looked") return
    const { left } = message
    seen.push(left)
    const { granted, phase } = await asked()
    say(
      `${name} ${left.at.toFixed(1)} min ${phase}: ${granted} renewals, rss ${left.rssMb.toFixed(1)} MB (before: ${
        left.asItStandsMb.toFixed(0)
      }), heap ${left.heapMb.toFixed(1)} MB, ${left.timers} timers`
    )
  }
  users.forked.on("message", (message: Message) => void hear(message))
  const done = users.hears("Done")
  users.tell({ _tag: "Go", minutes, origin: `http://127.0.0.1:${port}`, tokens })
  server.tell({ _tag: "Start" })
  const { left: end, tally } = await done
  const told = await asked()
  server.forked.disconnect()
  return { seen, end, tally, told }
}

const [library, control] = await Promise.all([run("library"), run("control")])

// what is loaded and compiled at the beginning is no leak, and an engine takes its time with it
const warmUp = minutes / 2
const trend = ({ seen }: Run, value: (left: Left) => number) =>
  Trend.of(seen.filter(({ at }) => at > warmUp).map((left) => ({ at: left.at, value: value(left) })))
const most = (value: (left: Left) => number, from: number, to: number) =>
  Math.max(...library.seen.filter(({ at }) => at >= minutes * from && at <= minutes * to).map(value))
const rounded = ({ margin, mean, slope }: Trend.Trend) => ({
  mean: Number(mean.toFixed(1)),
  slopePerMinute: Number(slope.toFixed(3)),
  margin: Number(margin.toFixed(3))
})
const [rss, heap] = [trend(library, ({ rssMb }) => rssMb), trend(library, ({ heapMb }) => heapMb)]

const rounds = (minutes * 60) / cycle.reduce((sum, { seconds }) => sum + seconds, 0)
const troubles = Object.fromEntries(
  cycle.filter(({ kind }) => kind !== "calm").map(({ name, seconds }) => [name, {
    requests: library.told.counts[name]?.requests ?? 0,
    promised: Math.ceil(rounds) * grants * promised(seconds)
  }])
)

const { end, tally, told } = library
const listeners = library.seen[0]?.listeners ?? 0
const faults: Array<string> = []
if (tally.lost > 0 || told.reused > 0 || told.families < grants) {
  faults.push(`${tally.lost} grants lost, ${told.reused} tokens presented too late`)
}
if (tally.silent > 0) faults.push(`${tally.silent} grants gave no token at the end`)
if (minutes >= 5 && !Trend.isNoise(rss, minutes - warmUp)) faults.push("the resident memory grows")
if (minutes >= 5 && !Trend.isNoise(heap, minutes - warmUp)) faults.push("the heap grows")
if (end.timers > 1) faults.push(`${end.timers} timers are left`)
if (most(({ timers }) => timers, 0.5, 1) > 2 * most(({ timers }) => timers, 0, 0.5) + 16) faults.push("timers grow")
if (end.listeners > listeners) faults.push(`${end.listeners} listeners are left`)
if (minutes >= 1.2 && (tally.opened === 0 || tally.closed === 0)) faults.push("the breaker did not open and close")
for (const [name, { promised, requests }] of Object.entries(troubles)) {
  if (requests > promised) faults.push(`${requests} requests during ${name}, where ${promised} were promised`)
}

for (const fault of faults) say(`FAULT: ${fault}`)
console.log(JSON.stringify({
  minutes,
  warmUpMinutes: warmUp,
  grants,
  renewals: told.granted,
  tokens: tally.tokens,
  failures: tally.failures,
  lost: tally.lost,
  silent: tally.silent,
  presentedTooLate: told.reused,
  longestWait: tally.longest,
  longestStallMs: Math.round(end.stalledMs),
  breaker: { opened: tally.opened, closed: tally.closed },
  troubles,
  rssMb: rounded(rss),
  asItStandsMb: rounded(trend(library, ({ asItStandsMb }) => asItStandsMb)),
  heapMb: rounded(heap),
  externalMb: rounded(trend(library, ({ externalMb }) => externalMb)),
  control: {
    renewals: control.told.granted,
    rssMb: rounded(trend(control, ({ rssMb }) => rssMb)),
    asItStandsMb: rounded(trend(control, ({ asItStandsMb }) => asItStandsMb)),
    heapMb: rounded(trend(control, ({ heapMb }) => heapMb))
  },
  timers: { most: most(({ timers }) => timers, 0, 1), atTheEnd: end.timers },
  listeners: { atTheStart: listeners, atTheEnd: end.listeners },
  faults
}))
process.exitCode = faults.length > 0 ? 1 : 0
