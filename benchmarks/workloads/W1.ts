import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import { bytesOf, inTurns, perCall, scaled } from "../measure.ts"
import { badgateway, google, msal } from "../peers.ts"
import { open, tokensOf } from "../service.ts"
import type { InTurns, Sample, Scale, Workload } from "../Workload.ts"

const calls = 1_000_000

/** Some milliseconds each: long enough for the processor's clock, short enough for its neighbours. */
const turns = 50

type Calls = (count: number) => Promise<unknown>

/** What a floor costs by itself. */
const alone = async (scale: Scale, floor: Calls): Promise<Sample> => {
  const count = scaled(calls, scale)
  const bytes = await bytesOf(count, floor)
  const [is] = await inTurns(count, turns, [floor])
  return { ns: is.cpu * 1000, bytes }
}

/** What a call costs, and its floor that takes turns with it. */
const beside = async (scale: Scale, floor: Calls, ours: Calls): Promise<InTurns> => {
  const count = scaled(calls, scale)
  const bytes = await bytesOf(count, ours)
  const [is, was] = await inTurns(count, turns, [ours, floor])
  return { is: { ns: is.cpu * 1000, bytes }, floor: { ns: was.cpu * 1000 } }
}

/** Runs an effect `count` times in one long fiber. */
const inOneFiber = <A, E>(effect: Effect.Effect<A, E>) => (count: number) => {
  let done = 0
  return Effect.runPromise(Effect.whileLoop({
    while: () => done < count,
    body: () => effect,
    step: () => done++
  }))
}

const token = { value: Redacted.make("an-access-token"), type: "Bearer" }
const expiresAt = Date.now() + 3_600_000

const fresh = Exit.succeed(token)
const expired = Exit.die("expired")

/** The least that a lawful getter does: it reads the fiber's clock and answers with what it holds. */
const floor = Effect.withFiber<typeof token>((fiber) =>
  fiber.getRef(Clock.Clock).currentTimeMillisUnsafe() < expiresAt ? fresh : expired
)

const awaited = async () => {
  if (Date.now() >= expiresAt) throw new Error("expired")
  return token
}

/** Calls for the grant in the middle of as many as are held. */
const serviceOf = async (held: number) => {
  const { keys, service } = await open(tokensOf(held))
  const key = keys[Math.floor(held / 2)]
  if (key === undefined) throw new Error("no grant is held")
  return { bound: TokenSource.make(service.bind(key)).token, byKey: Effect.suspend(() => service.token(key)) }
}

const awaiting = (call: () => Promise<unknown>) => async (count: number) => {
  for (let done = 0; done < count; done++) await call()
}

const endpoint = "https://as.example/token"

const bound = "TokenSource"
const byKey = "TokenService, by key"
const byKeyOfMany = "TokenService, by key, 10,000 grants held"
const googleToken = "google-auth-library, getAccessToken"
const badgatewayToken = "@badgateway/oauth2-client, getAccessToken"
const throughPromise = "TokenSource, through runPromise"
const clock = "withFiber and its Clock"
const awaitedFunction = "await a function"

export const workload: Workload = {
  title: "a fresh token",
  cpu: ["ns"],
  metrics: { ns: "CPU ns a call", bytes: "bytes allocated a call" },
  contenders: [
    {
      name: clock,
      kind: "floor",
      run: async (scale) => {
        // Effect's own call sites have seen layers and services here too, as in any application: without this the floor
        // is measured on machine code that no program keeps for long, and stands a third lower
        await serviceOf(1)
        return alone(scale, inOneFiber(floor))
      }
    },
    { name: awaitedFunction, kind: "floor", run: (scale) => alone(scale, awaiting(awaited)) },
    {
      name: bound,
      kind: "ours",
      run: async (scale) => beside(scale, inOneFiber(floor), inOneFiber((await serviceOf(1)).bound))
    },
    {
      name: byKey,
      kind: "ours",
      run: async (scale) => beside(scale, inOneFiber(floor), inOneFiber((await serviceOf(1)).byKey))
    },
    {
      name: byKeyOfMany,
      kind: "ours",
      run: async (scale) => beside(scale, inOneFiber(floor), inOneFiber((await serviceOf(10_000)).byKey))
    },
    {
      name: throughPromise,
      kind: "ours",
      over: awaitedFunction,
      run: async (scale) => {
        const { bound } = await serviceOf(1)
        return beside(scale, awaiting(awaited), awaiting(() => Effect.runPromise(bound)))
      }
    },
    {
      name: googleToken,
      kind: "peer",
      long: true,
      run: async (scale) => {
        const client = await google(endpoint)
        client.setCredentials({ access_token: "an-access-token", expiry_date: expiresAt })
        return perCall(scaled(calls, scale), awaiting(() => client.getAccessToken()))
      }
    },
    {
      name: "google-auth-library, getRequestHeaders",
      kind: "peer",
      long: true,
      run: async (scale) => {
        const client = await google(endpoint)
        client.setCredentials({ access_token: "an-access-token", expiry_date: expiresAt })
        return perCall(scaled(calls / 10, scale), awaiting(() => client.getRequestHeaders()))
      }
    },
    {
      name: "@azure/msal-node, acquireTokenByClientCredential",
      kind: "peer",
      long: true,
      run: async (scale) => perCall(scaled(calls / 50, scale), awaiting(await msal()))
    },
    {
      name: badgatewayToken,
      kind: "peer",
      long: true,
      run: async (scale) => {
        const wrapper = await badgateway(endpoint, expiresAt)
        return perCall(scaled(calls, scale), awaiting(() => wrapper.getAccessToken()))
      }
    }
  ],
  reach: [
    { contender: bound, metric: "ns", over: clock, atMost: 1.25 },
    { contender: bound, metric: "bytes", atMost: 160 },
    { contender: bound, metric: "ns", over: badgatewayToken, atMost: 1 },
    { contender: byKey, metric: "ns", over: clock, atMost: 2.5 },
    { contender: byKeyOfMany, metric: "ns", over: byKey, atMost: 1.5 },
    { contender: throughPromise, metric: "ns", over: awaitedFunction, atMost: 4 }
  ]
}
