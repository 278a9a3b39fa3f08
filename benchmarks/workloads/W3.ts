import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { scaled, spent } from "../measure.ts"
import { badgateway, google, refreshers, stubFetch } from "../peers.ts"
import { open } from "../service.ts"
import type { Contender, Sample, Scale, Workload } from "../Workload.ts"

const endpoint = "https://as.example/token"

/** How long the server takes, in milliseconds. */
const latency = 20

const many = 10_000
const few = 1_000

/** What becomes of callers of an expired grant, and of those who leave: all but one, the first among them. */
interface Herd {
  /** A caller of an expired grant that nobody has asked for yet. */
  readonly caller: () => Promise<Effect.Effect<unknown, unknown>>
}

const gather = async (seen: { asked: number }, { caller }: Herd, scale: Scale): Promise<Sample> => {
  const all = async (count: number) => {
    const one = await caller()
    return spent(() => Effect.runPromise(Effect.orDie(Effect.all(Array.from({ length: count }, () => one), herd))))
  }
  const leave = async (count: number) => {
    const one = Effect.orDie(await caller())
    return spent(() =>
      Effect.runPromise(Effect.gen(function*() {
        const fibers = yield* Effect.forEach(Array.from({ length: count }), () => Effect.forkChild(one))
        yield* Effect.sleep(latency / 2)
        yield* Fiber.interruptAll(fibers.slice(0, -1))
        yield* Effect.forEach(fibers.slice(-1), Fiber.join, { discard: true })
      }))
    )
  }
  await all(many)
  await leave(many)
  // a process that has a herd has renewed before
  await Promise.all(Array.from({ length: 300 }, () => all(1)))
  seen.asked = 0
  const samples: Array<Sample> = []
  const repeats = scaled(6, scale)
  for (let repeat = 0; repeat < repeats; repeat++) {
    const [large, small, leaving, alone] = [await all(many), await all(few), await leave(many), await all(1)]
    samples.push({
      cpu: large.cpu / 1000,
      cpu1k: small.cpu / 1000,
      alone: alone.cpu / 1000,
      leaving: leaving.cpu / 1000,
      ms: large.wall / 1000
    })
  }
  // noise only ever adds
  const least = (key: string) => Math.min(...samples.map((sample) => sample[key] ?? NaN))
  return {
    each: (least("cpu") - least("cpu1k")) * 1000 / (many - few),
    cpu: least("cpu"),
    cpu1k: least("cpu1k"),
    alone: least("alone"),
    leaving: least("leaving"),
    requests: seen.asked / (4 * repeats),
    ms: least("ms")
  }
}

const herd = { concurrency: "unbounded", discard: true } as const

/** A promise for each caller. Nobody can leave. */
const peer = (name: string, prepare: () => Promise<() => Promise<unknown>>): Contender => ({
  name,
  kind: "peer",
  long: true,
  run: async () => {
    const seen = stubFetch(latency)
    const all = async (count: number) => {
      const call = await prepare()
      seen.asked = 0
      return spent(() => Promise.all(Array.from({ length: count }, call)))
    }
    await all(many)
    const small = await all(few)
    const large = await all(many)
    const each = (large.cpu - small.cpu) / (many - few)
    return { each, cpu: large.cpu / 1000, cpu1k: small.cpu / 1000, requests: seen.asked, ms: large.wall / 1000 }
  }
})

const unshared = (name: string): Contender =>
  peer(name, async () => {
    const refresh = await refreshers[name]?.(endpoint)
    return () => refresh?.("a-refresh-token") ?? Promise.reject(new Error(name))
  })

const floor = "a shared Deferred"
const ours = "TokenService"

export const workload: Workload = {
  title: `callers of an expired grant, whose server answers in ${latency} ms`,
  metrics: {
    each: "CPU us, a caller more",
    cpu: "CPU ms, 10,000 callers",
    cpu1k: "CPU ms, 1,000",
    alone: "CPU ms, 1",
    leaving: "CPU ms, 9,999 of 10,000 leave",
    requests: "token requests",
    ms: "ms, 10,000"
  },
  cpu: ["each", "cpu", "cpu1k", "alone", "leaving"],
  wall: ["ms"],
  contenders: [
    {
      name: floor,
      kind: "floor",
      run: (scale) => {
        const seen = stubFetch(latency)
        return gather(seen, {
          caller: () => {
            const done = Deferred.makeUnsafe<unknown>()
            let asked: Promise<void> | undefined
            return Promise.resolve(Effect.suspend(() => {
              asked ??= fetch(endpoint).then(async (answer) => {
                Deferred.doneUnsafe(done, Effect.succeed(await answer.json()))
              })
              return Deferred.await(done)
            }))
          }
        }, scale)
      }
    },
    {
      name: ours,
      kind: "ours",
      run: async (scale) => {
        const seen = stubFetch(latency)
        const expired = { age: 7_200_000, lifetime: "1 hour" } as const
        return gather(seen, {
          caller: async () => {
            const { keys: [key], service } = await open([["expired", "a-refresh-token"]], { endpoint, ...expired })
            return key === undefined ? Effect.die("no grant is held") : service.bind(key).token
          }
        }, scale)
      }
    },
    peer("google-auth-library", async () => {
      const client = await google(endpoint)
      client.setCredentials({ refresh_token: "a-refresh-token", access_token: "expired", expiry_date: 1 })
      return () => client.getAccessToken()
    }),
    peer("@badgateway/oauth2-client", async () => {
      const wrapper = await badgateway(endpoint, Date.now() + 3_600_000)
      return () => wrapper.refreshToken()
    }),
    ...["oauth4webapi", "openid-client", "arctic"].map(unshared)
  ],
  reach: [
    { contender: ours, metric: "requests", atMost: 1 },
    { contender: ours, metric: "each", over: floor, atMost: 1.2 },
    { contender: ours, metric: "cpu", over: floor, atMost: 1.2 },
    { contender: ours, metric: "cpu1k", over: floor, atMost: 1.2 },
    { contender: ours, metric: "leaving", over: floor, atMost: 1.3 }
  ]
}
