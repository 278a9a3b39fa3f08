import type { TokenStore } from "@effect-oauth/core/TokenStore"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as SqlClient from "effect/sql/SqlClient"
import { heldBytes, scaled, spent } from "../measure.ts"
import { at } from "../needs.ts"
import { type Refresh, refreshers, simpleOauth2, stubFetch } from "../peers.ts"
import { Ahead, open, tokensOf } from "../service.ts"
import * as Floor from "../size/floor.ts"
import { pg, postgresStore, redis, redisStore } from "../stores.ts"
import type { Contender, Need, Reach, Sample, Scale, Workload } from "../Workload.ts"

const width = 64

/** Renews each of 64 grants, as often as asked, one after the other or all at once. */
interface Renewals {
  readonly one: (place: number) => Promise<unknown>
  readonly all: () => Promise<unknown>
}

const chunks = 10

/** A process that renews is compiled after some ten thousand renewals, and renews for weeks. */
const warmUp = 16_000

/** The least of ten chunks: what a chunk takes longer is the compiler's, or the machine's. */
const measure = async (count: number, scale: Scale, { all, one }: Renewals): Promise<Sample> => {
  const oneByOne = async (count: number) => {
    for (let done = 0; done < count; done++) await one(done % width)
  }
  const rounded = Math.ceil(count / width) * width
  const atOnce = async () => {
    for (let done = 0; done < rounded; done += width) await all()
  }
  for (let done = 0; done < scaled(warmUp, scale); done += count + rounded) {
    await oneByOne(count)
    await atOnce()
  }
  const few = 256
  const held = heldBytes()
  await oneByOne(few)
  const bytes = (process.memoryUsage().heapUsed - held) / few
  const least = { us: Infinity, us64: Infinity, wall: Infinity, wall64: Infinity }
  for (let chunk = 0; chunk < chunks; chunk++) {
    const first = await spent(() => oneByOne(count))
    const second = await spent(atOnce)
    least.us = Math.min(least.us, first.cpu / count)
    least.wall = Math.min(least.wall, first.wall / count)
    least.us64 = Math.min(least.us64, second.cpu / rounded)
    least.wall64 = Math.min(least.wall64, second.wall / rounded)
  }
  return { ...least, bytes }
}

/**
 * What fibers of an application carry: without any service Effect's client passes over what it does in every other fiber.
 */
const services = Context.makeUnsafe(
  new Map(Array.from({ length: 10 }, (_, index) => [`service-${index}`, index]))
)

const promised = (refresh: Refresh): Renewals => ({
  one: (place) => refresh(`refresh-token-of-${place}`),
  all: () => Promise.all(Array.from({ length: width }, (_, place) => refresh(`refresh-token-of-${place}`)))
})

const effects = (
  renew: (place: number) => Effect.Effect<unknown, unknown>,
  { context = services, before = () => {} }: {
    readonly context?: Context.Context<never>
    /** Told before each of the 64 is renewed once more. */
    readonly before?: () => void
  } = {}
): Renewals => {
  const each = Array.from({ length: width }, (_, place) => Effect.orDie(renew(place)))
  const all = Effect.all(each, { concurrency: "unbounded", discard: true })
  const run = Effect.runPromiseWith(context)
  return {
    one: (place) => {
      if (place === 0) before()
      return run(each[place] ?? Effect.die("no such grant"))
    },
    all: () => {
      before()
      return run(all)
    }
  }
}

type Http = Layer.Layer<HttpClient.HttpClient>

/** Effect's client and a schema, and a round trip before and after where one is named. */
const bare = async (endpoint: string, http: Http, trip: Trip = () => Effect.void): Promise<Renewals> => {
  const context = await ManagedRuntime.make(http).context()
  return effects((place) => {
    const parameters = {
      grant_type: "refresh_token",
      refresh_token: `refresh-token-of-${place}`,
      client_id: "client"
    }
    const exchange = Effect.tap(Floor.exchange(endpoint, parameters), () => trip(place))
    return Effect.provide(Effect.andThen(trip(place), exchange), context)
  })
}

const ours = async (
  endpoint: string,
  http: Http,
  options: { readonly store?: () => Layer.Layer<TokenStore> } = {}
): Promise<Renewals> => {
  const clock = new Ahead()
  const { keys, service } = await open(tokensOf(width), {
    endpoint,
    http,
    clock,
    lifetime: "1 hour",
    ...(options.store && { store: options.store() })
  })
  const renewals = keys.map((key) => service.token(key))
  return effects((place) => renewals[place] ?? Effect.die("no such grant"), {
    context: Context.add(services, Clock.Clock, clock),
    before: () => {
      clock.hours += 2
    }
  })
}

const contender = (
  name: string,
  kind: Contender["kind"],
  options: {
    readonly count: number
    readonly over?: string
    readonly long?: boolean
    readonly needs?: ReadonlyArray<Need>
    readonly prepare: () => Promise<Renewals>
  }
): Contender => ({
  ...options,
  name,
  kind,
  run: async (scale: Scale) => measure(scaled(options.count, scale), scale, await options.prepare())
})

const https = "https://as.example/token"

const stubbed = async <A>(prepare: () => Promise<A>): Promise<A> => {
  stubFetch()
  return prepare()
}

const loopback = () => `${at("server")}/token`

const floors = {
  stubbed: "HttpClient and Schema, stubbed",
  fetch: "HttpClient and Schema on fetch, loopback",
  undici: "HttpClient and Schema on undici, loopback",
  postgres: "the same and two updates of a row in Postgres",
  redis: "the same and two scripts in Redis"
}
const names = {
  stubbed: "TokenService, stubbed",
  fetch: "TokenService on fetch, loopback",
  undici: "TokenService on undici, loopback",
  postgres: "TokenService on undici and Postgres",
  redis: "TokenService on undici and Redis"
}
const far = { count: 256, long: true, needs: ["server"] } as const

/** A round trip to a store: the least that a claim or a commit can be. */
type Trip = (place: number) => Effect.Effect<unknown, unknown>

const postgresTrip = async (): Promise<Trip> => {
  const sql = await ManagedRuntime.make(pg()).runPromise(SqlClient.SqlClient)
  await Effect.runPromise(Effect.orDie(Effect.andThen(
    sql`CREATE TABLE IF NOT EXISTS floor (key text PRIMARY KEY, version int NOT NULL, body text NOT NULL)`,
    Effect.forEach(
      Array.from({ length: width }),
      (_, place) => sql`INSERT INTO floor VALUES (${`account-${place}`}, 0, ${"b".repeat(300)}) ON CONFLICT DO NOTHING`
    )
  )))
  return (place) => sql`UPDATE floor SET version = version + 1 WHERE key = ${`account-${place}`} RETURNING *`
}

const redisTrip = async (): Promise<Trip> => {
  const { use } = await ManagedRuntime.make(redis()).runPromise(NodeRedis.NodeRedis)
  const script =
    "redis.call('HSET', KEYS[1], 'version', ARGV[1], 'body', ARGV[2]); return redis.call('HGETALL', KEYS[1])"
  const sha = await Effect.runPromise(use((client) => client.scriptLoad(script)))
  return (place) =>
    use((client) => client.evalSha(sha, { keys: [`floor-${place}`], arguments: [String(place), "b".repeat(300)] }))
}

const stored = (
  name: "postgres" | "redis",
  store: () => Layer.Layer<TokenStore>,
  trip: () => Promise<Trip>
) => [
  contender(floors[name], "floor", {
    ...far,
    needs: [...far.needs, name],
    prepare: async () => bare(loopback(), NodeHttpClient.layerUndici, await trip())
  }),
  contender(names[name], "ours", {
    ...far,
    needs: [...far.needs, name],
    over: floors[name],
    prepare: () => ours(loopback(), NodeHttpClient.layerUndici, { store })
  })
]

const ofPeer = async (name: string, endpoint: string): Promise<Renewals> =>
  promised(await (refreshers[name] ?? simpleOauth2)(endpoint))

const contenders: ReadonlyArray<Contender> = [
  contender(floors.stubbed, "floor", {
    count: 1_024,
    prepare: () => stubbed(() => bare(https, FetchHttpClient.layer))
  }),
  contender(names.stubbed, "ours", {
    count: 1_024,
    prepare: () => stubbed(() => ours(https, FetchHttpClient.layer))
  }),
  ...Object.keys(refreshers).map((name) =>
    contender(`${name}, stubbed`, "peer", {
      count: 1_024,
      long: true,
      prepare: () => stubbed(() => ofPeer(name, https))
    })
  ),
  contender(floors.fetch, "floor", { ...far, prepare: () => bare(loopback(), FetchHttpClient.layer) }),
  contender(names.fetch, "ours", {
    ...far,
    over: floors.fetch,
    prepare: () => ours(loopback(), FetchHttpClient.layer)
  }),
  contender(floors.undici, "floor", { ...far, prepare: () => bare(loopback(), NodeHttpClient.layerUndici) }),
  contender(names.undici, "ours", {
    ...far,
    over: floors.undici,
    prepare: () => ours(loopback(), NodeHttpClient.layerUndici)
  }),
  ...[...Object.keys(refreshers), "simple-oauth2"].map((name) =>
    contender(`${name}, loopback`, "peer", { ...far, over: floors.undici, prepare: () => ofPeer(name, loopback()) })
  ),
  ...stored("postgres", () => postgresStore("w4"), postgresTrip),
  ...stored("redis", redisStore, redisTrip)
]

const within = (
  name: keyof typeof names,
  metrics: ReadonlyArray<string>,
  atMost: number
): ReadonlyArray<Reach> => metrics.map((metric) => ({ contender: names[name], metric, over: floors[name], atMost }))

export const workload: Workload = {
  title: "a renewal",
  metrics: {
    us: "CPU us each",
    us64: "CPU us each, 64 at once",
    bytes: "bytes allocated each",
    wall: "us each",
    wall64: "us each, 64 at once"
  },
  cpu: ["us", "us64"],
  wall: ["wall", "wall64"],
  contenders,
  reach: [
    ...within("stubbed", ["us", "us64"], 1.3),
    ...within("undici", ["wall", "wall64"], 1.3),
    ...within("postgres", ["wall", "wall64"], 1.3),
    ...within("redis", ["wall", "wall64"], 1.3),
    { contender: names.undici, metric: "wall64", over: "openid-client, loopback", atMost: 0.75 },
    ...Object.keys(refreshers).flatMap((name) =>
      ["wall", "wall64"].map((metric) => ({
        contender: names.undici,
        metric,
        over: `${name}, loopback`,
        atMost: 1
      }))
    )
  ]
}
