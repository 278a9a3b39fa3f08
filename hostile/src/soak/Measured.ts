/**
 * A process whose memory is measured: nothing runs in it but the users of the grants.
 *
 * What is measured is what the process cannot do without. Left alone, V8 keeps the pages that its young generation once
 * had, a hundred megabytes of it and more, and takes them in steps for half an hour, whoever allocates; so before each
 * look it is made to give back whatever it can.
 */
import { Duration, Effect, Fiber, References } from "effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { interval, type Left, type Message, type Tally } from "./Settings.ts"

/** What the users of grants need to know. */
export interface Work {
  readonly origin: string
  readonly tokens: ReadonlyArray<string>
  /** What they have come to. */
  readonly tally: Tally
  /** Whether they are to go on. */
  readonly goesOn: () => boolean
}

/** Users that go on until they are told not to, and what is to be looked at when they have stopped. */
export interface Users<E, R> {
  readonly run: Effect.Effect<void, E, R>
  readonly afterwards: Effect.Effect<void, E, R>
}

/** Runs users as long as the soak lasts, looks at their process, and tells the parent. */
export const measured = async <E>(
  users: <A>(work: Work, during: (users: Users<never, never>) => Effect.Effect<A>) => Effect.Effect<A, E>
): Promise<void> => {
  const { minutes, origin, tokens } = await going
  const tally: Tally = { tokens: 0, failures: 0, opened: 0, closed: 0, lost: 0, silent: 0, longest: undefined }
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const started = performance.now()
  const until = started + minutes * 60_000
  let isOver = false

  const during = ({ afterwards, run }: Users<never, never>) =>
    Effect.gen(function*() {
      const running = yield* Effect.forkChild(run)
      const step = interval(minutes) * 1_000
      while (performance.now() < until) {
        yield* Effect.sleep(Duration.millis(Math.max(1, Math.min(step, until - performance.now()))))
        say({ _tag: "Looked", left: look(started, delay.max / 1e6) })
      }
      say({ _tag: "Calm" })
      yield* Effect.sleep("5 seconds")
      isOver = true
      yield* Fiber.join(running)
      yield* afterwards
    })

  await Effect.runPromise(
    users({ origin, tokens, tally, goesOn: () => !isOver }, during).pipe(
      Effect.provideService(References.MinimumLogLevel, "Error")
    )
  )
  delay.disable()
  await new Promise((resolve) => setTimeout(resolve, 500))
  say({ _tag: "Done", tally, left: look(started, delay.max / 1e6) })
  process.disconnect()
}

const say = (message: Message): void => void process.send?.(message)

const going = new Promise<Extract<Message, { readonly _tag: "Go" }>>((resolve) => {
  process.once("message", (message: Message) => {
    if (message._tag === "Go") resolve(message)
  })
})

setFlagsFromString("--expose-gc")
const collect: (options: object) => void = runInNewContext("gc")

const look = (started: number, stalledMs: number): Left => {
  const before = process.memoryUsage.rss()
  collect({ type: "major", execution: "sync", flavor: "last-resort" })
  const { arrayBuffers, external, heapUsed, rss } = process.memoryUsage()
  const active = process.getActiveResourcesInfo()
  return {
    at: (performance.now() - started) / 60_000,
    rssMb: rss / 1_048_576,
    asItStandsMb: before / 1_048_576,
    heapMb: heapUsed / 1_048_576,
    externalMb: (external + arrayBuffers) / 1_048_576,
    stalledMs,
    timers: active.filter((name) => name === "Timeout").length,
    sockets: active.filter((name) => name === "TCPSocketWrap").length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0)
  }
}
