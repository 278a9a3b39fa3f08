import * as GrantKeeper from "@effect-oauth/core/GrantKeeper"
import * as Effect from "effect/Effect"
import { at, count } from "../needs.ts"
import { open, tokensOf } from "../service.ts"
import type { Sample, Workload } from "../Workload.ts"

const grants = 500
const width = 50
const every = 10

/** Requests that it takes when every tenth is refused, in turns of a second. */
const ideal = Math.ceil(grants / (1 - 1 / every) / width)

/** Grants that are due, and whose tokens can still be used for a while. */
const due = { age: 3_560_000, lifetime: "1 hour" } as const

const keep = async (): Promise<Sample> => {
  const endpoint = `${at("server")}/token?delay=1000&fail=${every}`
  const { runtime } = await open(tokensOf(grants), { endpoint, ...due })
  await count()
  const before = performance.now()
  let passes = 0
  const renewed = await runtime.runPromise(Effect.scoped(Effect.gen(function*() {
    const keeper = yield* GrantKeeper.make({ concurrency: width, limit: { permits: 1_000, interval: "1 second" } })
    let renewed = 0
    while (renewed < grants && passes++ < 30) {
      renewed += (yield* keeper.once).renewed
      if (renewed < grants) yield* Effect.sleep("50 millis")
    }
    return renewed
  })))
  const { most } = await count()
  return { s: (performance.now() - before) / 1000, renewed, most }
}

/** Everyone asks at once for a token that is due, while nobody keeps the grants. */
const ask = async (): Promise<Sample> => {
  const endpoint = `${at("server")}/token?delay=1000&fail=${every}`
  const { keys, service } = await open(tokensOf(grants), { endpoint, ...due })
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

const schedule = "arithmetic"
const keeper = "GrantKeeper"
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
      run: () => Promise.resolve({ s: ideal, renewed: grants, most: width })
    },
    { name: keeper, kind: "ours", long: true, needs: ["server"], run: keep },
    { name: callers, kind: "ours", long: true, needs: ["server"], run: ask }
  ],
  reach: [
    { contender: keeper, metric: "s", over: schedule, atMost: 1.1 },
    { contender: keeper, metric: "most", atMost: width },
    { contender: callers, metric: "waiting", atMost: 0 }
  ]
}
