/**
 * Keeps 64 grants renewed through one trouble after another, and looks at what is left over:
 *
 *     npm run soak -- --minutes 10 [--json]
 *
 * The last line is one JSON object; with `--json` it is the only one on the standard output. The exit code is 1 where a
 * grant was lost, memory, timers or listeners grew, the breaker did not open and close, or a server in trouble was asked
 * more often than the schedule promises.
 */
import { OAuthError, RotationPolicy, TokenService } from "@effect-oauth/core"
import { Duration, Effect, Fiber, Redacted, References, Stream } from "effect"
import { fork } from "node:child_process"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Client from "./Client.ts"
import { cycle, grants, type Message, policy, promised } from "./soak/Settings.ts"
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

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const child = fork(path.join(import.meta.dirname, "soak/server.ts"))
const hears = <T extends Message["_tag"]>(tag: T): Promise<Extract<Message, { readonly _tag: T }>> =>
  new Promise((resolve) => {
    const listener = (message: Message): void => {
      if (message._tag !== tag) return
      child.off("message", listener)
      resolve(message as Extract<Message, { readonly _tag: T }>)
    }
    child.on("message", listener)
  })
const tell = (message: Message): void => void child.send(message)
const asked = async () => {
  const told = hears("Told")
  tell({ _tag: "Tell" })
  return told
}

interface Left {
  readonly at: number
  readonly rssMb: number
  readonly heapMb: number
  readonly timers: number
  readonly sockets: number
  readonly listeners: number
}

const started = performance.now()
const look = (): Left => {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  const active = process.getActiveResourcesInfo()
  return {
    at: (performance.now() - started) / 60_000,
    rssMb: rss / 1_048_576,
    heapMb: heapUsed / 1_048_576,
    timers: active.filter((name) => name === "Timeout").length,
    sockets: active.filter((name) => name === "TCPSocketWrap").length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  }
}

const seen: Array<Left> = []
const tally = { tokens: 0, failures: 0, opened: 0, closed: 0, lost: 0, longestWaitMs: 0 }
let open = false

const { port } = await hears("Listening")
const issued = hears("Issued")
tell({ _tag: "Issue", grants })
const { tokens } = await issued

const program = Effect.gen(function*() {
  const service = yield* TokenService.TokenService
  const keys = yield* Effect.forEach(tokens, (token, index) => {
    const key = service.key(`account-${index}`)
    return Effect.as(
      service.adopt(key, {
        accessToken: Redacted.make("none-yet"),
        tokenType: "Bearer",
        receivedAt: Date.now(),
        expiresIn: Duration.zero,
        refreshToken: Redacted.make(token)
      }),
      key
    )
  })
  yield* Effect.forkScoped(Stream.runForEach(service.events, (event) =>
    Effect.sync(() => {
      if (event._tag === "Ended") tally.lost++
      // a failure of the server's that was not asked is the breaker's
      if (event._tag === "Renewed" && open) {
        open = false
        tally.closed++
      }
    })))

  const run = { goesOn: true }
  const use = (key: (typeof keys)[number]) =>
    Effect.gen(function*() {
      let since = performance.now()
      while (run.goesOn) {
        const result = yield* Effect.result(service.token(key))
        if (result._tag === "Success") {
          tally.tokens++
          tally.longestWaitMs = Math.max(tally.longestWaitMs, performance.now() - since)
          yield* Effect.sleep("200 millis")
          since = performance.now()
          continue
        }
        tally.failures++
        const { reason } = result.failure
        if (reason._tag === "ServerUnavailable" && reason.status === undefined && !open) {
          open = true
          tally.opened++
        }
        if (reason._tag === "ReauthorizationRequired") {
          tally.lost++
          return
        }
        const wait = "retryAfter" in reason && reason.retryAfter !== undefined
          ? Duration.toMillis(reason.retryAfter)
          : 200
        yield* Effect.sleep(Duration.millis(Math.min(2_000, Math.max(50, wait))))
      }
    })

  tell({ _tag: "Start" })
  const users = yield* Effect.forEach(keys, (key) => Effect.forkScoped(use(key)))
  const until = started + minutes * 60_000
  while (performance.now() < until) {
    yield* Effect.sleep(Duration.millis(Math.min(5_000, until - performance.now())))
    const left = look()
    seen.push(left)
    const { granted, phase } = yield* Effect.promise(asked)
    say(
      `${left.at.toFixed(1)} min ${phase}: ${granted} renewals, rss ${left.rssMb.toFixed(0)} MB, heap ${
        left.heapMb.toFixed(1)
      } MB, ${left.timers} timers`
    )
  }
  tell({ _tag: "Calm" })
  yield* Effect.sleep("5 seconds")
  run.goesOn = false
  yield* Effect.forEach(users, Fiber.await)

  // every grant must still be there
  const last = yield* Effect.forEach(keys, (key) => Effect.result(service.refresh(key)), { concurrency: 16 })
  for (const result of last) {
    if (result._tag === "Failure") {
      tally.lost++
      say(`LOST: ${OAuthError.isOAuthError(result.failure) ? result.failure.message : "?"}`)
    }
  }
  return yield* Effect.promise(asked)
})

const told = await Effect.runPromise(
  Effect.scoped(program).pipe(
    Effect.provide(Client.layer(`http://127.0.0.1:${port}`, {
      policy,
      server: { rotation: RotationPolicy.rotating({ window: { duration: "2 minutes", idempotent: true } }) }
    })),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )
)
child.disconnect()
await new Promise((resolve) => setTimeout(resolve, 500))
const end = look()

// what is loaded and compiled at the beginning is no leak
const warmUp = Math.min(5, minutes / 2)
const settled = seen.filter(({ at }) => at > warmUp)
const trend = (value: (left: Left) => number) => Trend.of(settled.map((left) => ({ at: left.at, value: value(left) })))
const [rss, heap] = [trend(({ rssMb }) => rssMb), trend(({ heapMb }) => heapMb)]
const most = (value: (left: Left) => number, from: number, to: number) =>
  Math.max(...seen.filter(({ at }) => at >= minutes * from && at <= minutes * to).map(value))
const rounded = (value: number, digits = 2) => Number(value.toFixed(digits))

const rounds = (minutes * 60) / cycle.reduce((sum, { seconds }) => sum + seconds, 0)
const troubles = Object.fromEntries(
  cycle.filter(({ kind }) => kind !== "calm").map(({ name, seconds }) => [name, {
    requests: told.counts[name]?.requests ?? 0,
    promised: Math.ceil(rounds) * grants * promised(seconds)
  }])
)

const faults: Array<string> = []
if (tally.lost > 0 || told.reused > 0 || told.families < grants) {
  faults.push(`${tally.lost} grants lost, ${told.reused} tokens presented too late`)
}
if (minutes >= 5 && !Trend.isNoise(rss, minutes - warmUp)) faults.push("the resident memory grows")
if (minutes >= 5 && !Trend.isNoise(heap, minutes - warmUp)) faults.push("the heap grows")
if (end.timers > 1) faults.push(`${end.timers} timers are left`)
if (most(({ timers }) => timers, 0.5, 1) > 2 * most(({ timers }) => timers, 0, 0.5) + 16) faults.push("timers grow")
if (end.listeners > (seen[0]?.listeners ?? 0)) faults.push(`${end.listeners} listeners are left`)
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
  presentedTooLate: told.reused,
  longestWaitMs: Math.round(tally.longestWaitMs),
  breaker: { opened: tally.opened, closed: tally.closed },
  troubles,
  rssMb: { mean: rounded(rss.mean, 1), slopePerMinute: rounded(rss.slope), margin: rounded(rss.margin) },
  heapMb: { mean: rounded(heap.mean, 1), slopePerMinute: rounded(heap.slope, 3), margin: rounded(heap.margin, 3) },
  timers: { most: most(({ timers }) => timers, 0, 1), atTheEnd: end.timers },
  listeners: { atTheStart: seen[0]?.listeners ?? 0, atTheEnd: end.listeners },
  faults
}))
process.exitCode = faults.length > 0 ? 1 : 0
