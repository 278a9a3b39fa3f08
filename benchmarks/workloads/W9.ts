import * as GrantKeeper from "@effect-oauth/core/GrantKeeper"
import * as RefreshPolicy from "@effect-oauth/core/RefreshPolicy"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { at, count } from "../needs.ts"
import { open, tokensOf } from "../service.ts"
import type { Sample, Workload } from "../Workload.ts"

const grants = 500
const width = 50
const every = 10

/**
 * Seconds that it takes at best: each request a second, so many at a time, every tenth refused, and what was refused
 * rests for as long as the policy says. Played, as the rests leave gaps at the end that a division does not know of.
 */
const ideal = (): number => {
  let waiting = Array.from({ length: grants }, () => ({ from: 0, failures: 0 }))
  let asked = 0
  let now = 0
  for (let renewed = 0; renewed < grants;) {
    const ready = waiting.filter(({ from }) => from <= now).slice(0, width)
    waiting = waiting.filter((grant) => !ready.includes(grant))
    // all that is under way ends at once
    now += 1
    for (const { failures } of ready) {
      if (++asked % every > 0) renewed++
      else {
        const rest = Duration.toSeconds(RefreshPolicy.defaults.backOff(failures + 1))
        waiting.push({ from: now + rest, failures: failures + 1 })
      }
    }
  }
  return now
}

/** Grants that are due, and whose tokens can still be used for a while. */
const due = { age: 3_560_000, lifetime: "1 hour" } as const

const pace = { concurrency: width, limit: { permits: 1_000, interval: "1 second" } } as const

/** Grants that are all due, at a server that answers so. */
const openDue = (answers: string) => open(tokensOf(grants), { endpoint: `${at("server")}/token?${answers}`, ...due })

const slowly = `delay=1000&fail=${every}`

/** Renews them all as a keeper does, at once and without a rest, again and again. */
const warmUp = async (rounds: number, answers: string): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    const { runtime } = await openDue(answers)
    await runtime.runPromise(Effect.scoped(Effect.flatMap(GrantKeeper.make(pace), ({ once }) => once)))
    await runtime.dispose()
  }
}

/** Keeps them until each of them was renewed. */
const keep = async (): Promise<Sample> => {
  const { runtime, service } = await openDue(slowly)
  await count()
  const renewed = await runtime.runPromise(Effect.scoped(Effect.gen(function*() {
    const keeper = yield* GrantKeeper.make(pace)
    const all = yield* Effect.forkScoped(Stream.runCount(
      Stream.take(Stream.filter(service.events, ({ _tag }) => _tag === "Renewed"), grants)
    ))
    yield* Effect.forkScoped(keeper.run)
    return yield* Fiber.join(all)
  })))
  const { most, ms } = await count()
  return { s: ms / 1000, renewed, most }
}

/** A keeper's process renews for weeks: what the compiler makes of a renewal is ready. */
const keepWarm = async (): Promise<Sample> => {
  await warmUp(16, "delay=5")
  await warmUp(1, `delay=5&fail=${every}`)
  return keep()
}

/** Everyone asks at once for a token that is due, while nobody keeps the grants. */
const ask = async (): Promise<Sample> => {
  const { keys, service } = await openDue(slowly)
  const timed = keys.map((key) => {
    const token = service.bind(key).token
    return Effect.suspend(() => {
      const before = performance.now()
      return Effect.map(token, () => performance.now() - before)
    })
  })
  const waits = await Effect.runPromise(Effect.all(timed, { concurrency: "unbounded" }))
  return { waiting: waits.filter((wait) => wait >= 500).length }
}

const schedule = "the schedule, played"
const keeper = "GrantKeeper"
const firstKeeper = "GrantKeeper, in a process that has not renewed yet"
const callers = "callers of tokens that are due"

export const workload: Workload = {
  title: `${grants} grants due at once, ${width} at a time, a second each, one in ${every} refused`,
  metrics: {
    s: "s until all are renewed",
    renewed: "renewed",
    most: "requests at once",
    waiting: "callers that waited"
  },
  wall: ["s"],
  contenders: [
    {
      name: schedule,
      kind: "floor",
      long: true,
      run: () => Promise.resolve({ s: ideal(), renewed: grants, most: width })
    },
    { name: keeper, kind: "ours", long: true, needs: ["server"], run: keepWarm },
    { name: firstKeeper, kind: "ours", long: true, needs: ["server"], run: keep },
    { name: callers, kind: "ours", long: true, needs: ["server"], run: ask }
  ],
  reach: [
    { contender: keeper, metric: "s", over: schedule, atMost: 1.1 },
    { contender: keeper, metric: "most", atMost: width },
    { contender: callers, metric: "waiting", atMost: 0 }
  ]
}
