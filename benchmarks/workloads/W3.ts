import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { inTurns, scaled, spent, type Took } from "../measure.ts"
import { badgateway, google, refreshers, stubFetch } from "../peers.ts"
import { Ahead, open } from "../service.ts"
import * as Floor from "../size/floor.ts"
import type { Contender, InTurns, Sample, Scale, Workload } from "../Workload.ts"

const endpoint = "https://as.example/token"

/** How long the server takes, in milliseconds. */
const latency = 20

const many = 10_000
const few = 1_000

/** Herds of each size that are measured, and as many before them that are not. */
const turns = (scale: Scale): number => scaled(18, scale)

/** A process that has herds has renewed for weeks: what the compiler makes of a renewal is ready. */
const warmUp = 6_000

/** Makes a caller of a token that has ended, and that nobody has asked for yet. */
type Calling = () => Effect.Effect<unknown, unknown>

const exchange = Effect.provide(
  Floor.exchange(endpoint, { grant_type: "refresh_token", refresh_token: "a-refresh-token", client_id: "client" }),
  await ManagedRuntime.make(FetchHttpClient.layer).context()
)

/** A `Deferred` over the same request, by Effect's client and a schema, which goes on whoever leaves. */
const shared: Calling = () => {
  const done = Deferred.makeUnsafe<unknown, unknown>()
  let fiber: Fiber.Fiber<unknown, unknown> | undefined
  return Effect.suspend(() => {
    fiber ??= Effect.runFork(Deferred.into(exchange, done))
    return Deferred.await(done)
  })
}

/** A grant whose token ends again whenever a caller is made, by a clock that is set forward. */
const bound = async (): Promise<Calling> => {
  const clock = new Ahead()
  const { keys: [key], service } = await open([["a-token", "a-refresh-token"]], { endpoint, clock, lifetime: "1 hour" })
  if (key === undefined) throw new Error("no grant is held")
  const { token } = service.bind(key)
  return () => {
    clock.hours += 2
    return token
  }
}

const herd = { concurrency: "unbounded", discard: true } as const

/** So many callers at once. */
const gather = (calling: Calling, callers: number): Promise<unknown> => {
  const one = calling()
  return Effect.runPromise(Effect.orDie(Effect.all(Array.from({ length: callers }, () => one), herd)))
}

/** So many callers of whom all but the last leave, the first among them. */
const leave = (calling: Calling, callers: number): Promise<unknown> => {
  const one = Effect.orDie(calling())
  return Effect.runPromise(Effect.gen(function*() {
    const fibers = yield* Effect.forEach(Array.from({ length: callers }), () => Effect.forkChild(one))
    yield* Effect.sleep(latency / 2)
    yield* Fiber.interruptAll(fibers.slice(0, -1))
    yield* Effect.forEach(fibers.slice(-1), Fiber.join, { discard: true })
  }))
}

/** One herd after the other. */
const herds = (one: () => Promise<unknown>) => async (count: number) => {
  for (let done = 0; done < count; done++) await one()
}

/** The herds of a contender: 10,000 callers, 1,000, one, and 10,000 of whom one stays. */
const herdsOf = (calling: Calling) =>
  [
    herds(() => gather(calling, many)),
    herds(() => gather(calling, few)),
    herds(() => gather(calling, 1)),
    herds(() => leave(calling, many))
  ] as const

const sampleOf = (large: Took, small: Took, alone: Took, leaving: Took): Sample => ({
  each: (large.cpu - small.cpu) / (many - few),
  cpu: large.cpu / 1000,
  cpu1k: small.cpu / 1000,
  alone: alone.cpu / 1000,
  leaving: leaving.cpu / 1000,
  ms: large.wall / 1000
})

/** Renews so often, one after the other, at a server that answers at once. */
const renewOften = async (seen: ReturnType<typeof stubFetch>, calling: Calling, scale: Scale): Promise<void> => {
  seen.delay = 0
  await herds(() => gather(calling, 1))(scaled(warmUp, scale))
  seen.delay = latency
}

/** Ours and its floor in one process, herd by herd. The requests are those of ours: the floor's are one for a herd. */
const beside = async (scale: Scale): Promise<InTurns> => {
  const seen = stubFetch()
  const calling = await bound()
  await renewOften(seen, calling, scale)
  await renewOften(seen, shared, scale)
  seen.asked = 0
  const count = turns(scale)
  const [large, small, one, leaving, ...floor] = await inTurns(count, count, [...herdsOf(calling), ...herdsOf(shared)])
  // each of the eight had as many herds before as it has had since
  const requests = seen.asked / (2 * count) - 4
  return { is: { ...sampleOf(large, small, one, leaving), requests: requests / 4 }, floor: sampleOf(...floor) }
}

/** The floor by itself. */
const alone = async (scale: Scale): Promise<Sample> => {
  const seen = stubFetch()
  await renewOften(seen, shared, scale)
  seen.asked = 0
  const count = turns(scale)
  const took = await inTurns(count, count, herdsOf(shared))
  return { ...sampleOf(...took), requests: seen.asked / (8 * count) }
}

/** The first herd that a process has, before which it has never renewed. */
const first = async (prepare: () => Promise<Calling>): Promise<Sample> => {
  const seen = stubFetch(latency)
  const calling = await prepare()
  const { cpu, wall } = await spent(() => gather(calling, many))
  return { cpu: cpu / 1000, requests: seen.asked, ms: wall / 1000 }
}

/** A promise for each caller. Nobody can leave. */
const peer = (name: string, prepare: () => Promise<() => Promise<unknown>>): Contender => ({
  name,
  kind: "peer",
  long: true,
  run: async (scale) => {
    const seen = stubFetch(latency)
    let requests = 0
    const all = async (callers: number) => {
      const call = await prepare()
      seen.asked = 0
      await Promise.all(Array.from({ length: callers }, call))
      requests = Math.max(requests, seen.asked)
    }
    const count = turns(scale)
    const [large, small] = await inTurns(count, count, [herds(() => all(many)), herds(() => all(few))])
    const each = (large.cpu - small.cpu) / (many - few)
    return { each, cpu: large.cpu / 1000, cpu1k: small.cpu / 1000, requests, ms: large.wall / 1000 }
  }
})

const unshared = (name: string): Contender =>
  peer(name, async () => {
    const refresh = await refreshers[name]?.(endpoint)
    return () => refresh?.("a-refresh-token") ?? Promise.reject(new Error(name))
  })

const floor = "a shared Deferred"
const ours = "TokenService"
const firstFloor = "a shared Deferred, the first herd of a process"
const firstOurs = "TokenService, the first herd of a process"

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
    { name: floor, kind: "floor", run: alone },
    { name: ours, kind: "ours", run: beside },
    peer("google-auth-library", async () => {
      const client = await google(endpoint)
      client.setCredentials({ refresh_token: "a-refresh-token", access_token: "expired", expiry_date: 1 })
      return () => client.getAccessToken()
    }),
    peer("@badgateway/oauth2-client", async () => {
      const wrapper = await badgateway(endpoint, Date.now() + 3_600_000)
      return () => wrapper.refreshToken()
    }),
    ...["oauth4webapi", "openid-client", "arctic"].map(unshared),
    { name: firstFloor, kind: "floor", long: true, run: () => first(() => Promise.resolve(shared)) },
    { name: firstOurs, kind: "ours", over: firstFloor, long: true, run: () => first(bound) }
  ],
  reach: [
    { contender: ours, metric: "requests", atMost: 1 },
    { contender: ours, metric: "each", over: floor, atMost: 1.2 },
    { contender: ours, metric: "cpu", over: floor, atMost: 1.2 },
    { contender: ours, metric: "cpu1k", over: floor, atMost: 1.2 },
    { contender: ours, metric: "leaving", over: floor, atMost: 1.3 }
  ]
}
