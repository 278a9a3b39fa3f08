import * as AuthorizedHttpClient from "@effect-oauth/core/AuthorizedHttpClient"
import * as TokenSource from "@effect-oauth/core/TokenSource"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { inTurns, perCall, scaled, type Took } from "../measure.ts"
import { at } from "../needs.ts"
import { badgateway, google, stubFetch } from "../peers.ts"
import { open } from "../service.ts"
import type { Contender, InTurns, Sample, Scale, Workload } from "../Workload.ts"

const origin = "https://api.example.com"

type Get = (url: string) => Promise<unknown>

const bareClient = async () => {
  const client = await Effect.runPromise(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer))
  return (url: string) => client.execute(HttpClientRequest.get(url))
}

// what an application does that has a token and nobody to look after it
const handClient = async () => {
  const client = await Effect.runPromise(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer))
  return (url: string) => client.execute(HttpClientRequest.bearerToken(HttpClientRequest.get(url), "an-access-token"))
}

const ourClient = async (to: string) => {
  const { keys: [key], service } = await open([["an-access-token", "a-refresh-token"]])
  if (key === undefined) throw new Error("no grant is held")
  const client = AuthorizedHttpClient.withTokenSource(
    await Effect.runPromise(Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)),
    TokenSource.make(service.bind(key)),
    { origins: [to] }
  )
  return (url: string) => client.execute(HttpClientRequest.get(url))
}

const peers: Readonly<Record<string, () => Promise<Get>>> = {
  fetch: () => Promise.resolve((url) => fetch(url, { headers: { authorization: "Bearer an-access-token" } })),
  oauth4webapi: async () => {
    const oauth = await import("oauth4webapi")
    const options = { [oauth.allowInsecureRequests]: true }
    return (url) =>
      oauth.protectedResourceRequest("an-access-token", "GET", new URL(url), undefined, undefined, options)
  },
  "openid-client": async () => {
    const oidc = await import("openid-client")
    const configuration = new oidc.Configuration({ issuer: "https://as.example" }, "client", undefined, oidc.None())
    oidc.allowInsecureRequests(configuration)
    return (url) => oidc.fetchProtectedResource(configuration, "an-access-token", new URL(url), "GET")
  },
  "@badgateway/oauth2-client": async () => {
    const wrapper = await badgateway("https://as.example/token", Date.now() + 3_600_000)
    return (url) => wrapper.fetch(url)
  },
  "google-auth-library": async () => {
    const client = await google("https://as.example/token")
    client.setCredentials({ access_token: "an-access-token", expiry_date: Date.now() + 3_600_000 })
    return (url) => client.request({ url, responseType: "stream" })
  }
}

const alone = async (scale: Scale, prepare: () => Promise<(count: number) => Promise<unknown>>) => {
  stubFetch()
  const { bytes, ns } = await perCall(scaled(30_000, scale), await prepare())
  return { us: ns / 1000, bytes }
}

/**
 * What fibers of an application carry. Without any service Effect's client passes over what it does in every other
 * fiber: it puts its own beside them for each request.
 */
const services = Context.makeUnsafe(
  new Map(Array.from({ length: 10 }, (_, index) => [`service-${index}`, index]))
)

/** Makes so many requests, one after the other in one long fiber. */
const inOneFiber = (get: () => Effect.Effect<unknown, unknown>) => (count: number) => {
  let done = 0
  return Effect.runPromiseWith(services)(
    Effect.whileLoop({ while: () => done < count, body: () => Effect.orDie(get()), step: () => done++ })
  )
}

/** Ours and a header set by hand, in turns. */
const stubbed = async (scale: Scale): Promise<InTurns> => {
  stubFetch()
  const url = `${origin}/things`
  const [ours, hand] = [await ourClient(origin), await handClient()]
  const [mine, floor] = [inOneFiber(() => ours(url)), inOneFiber(() => hand(url))]
  const count = scaled(30_000, scale)
  const { bytes } = await perCall(count, mine)
  const [is, was] = await inTurns(count, count / 100, [mine, floor])
  return { is: { us: is.cpu, bytes }, floor: { us: was.cpu } }
}

const fiberOf = (get: (url: string) => Effect.Effect<unknown, unknown>) => inOneFiber(() => get(`${origin}/things`))

const oneByOne = (get: Get, url: string) => async (count: number) => {
  for (let done = 0; done < count; done++) await get(url)
}

// a body that is read gives its connection back
const read = (get: (url: string) => Effect.Effect<Readable, unknown>) =>
  inOneFiber(() => Effect.flatMap(get(`${at("server")}/api`), ({ text }) => text))

const loopback = async (scale: Scale): Promise<InTurns> => {
  const count = scaled(4_000, scale)
  const [is, floor] = await inTurns(count, count / 50, [
    read(await ourClient(at("server"))),
    read(await handClient())
  ])
  return { is: sampleOf(is), floor: sampleOf(floor) }
}

const loopbackFloor = async (scale: Scale): Promise<Sample> => {
  const count = scaled(4_000, scale)
  const [is] = await inTurns(count, count / 50, [read(await handClient())])
  return sampleOf(is)
}

const sampleOf = ({ cpu, wall }: Took): Sample => ({ us: cpu, wall })

interface Readable {
  readonly text: Effect.Effect<string, unknown>
}

const bare = "HttpClient and a header, stubbed"
const ours = "AuthorizedHttpClient, stubbed"
const bareLoopback = "HttpClient and a header, loopback"
const oursLoopback = "AuthorizedHttpClient, loopback"

const contenders: ReadonlyArray<Contender> = [
  {
    name: bare,
    kind: "floor",
    run: (scale) => alone(scale, async () => fiberOf(await handClient()))
  },
  {
    name: "HttpClient without a token, stubbed",
    kind: "floor",
    run: (scale) => alone(scale, async () => fiberOf(await bareClient()))
  },
  { name: ours, kind: "ours", run: stubbed },
  ...Object.entries(peers).map(([name, get]): Contender => ({
    name: `${name}, stubbed`,
    kind: "peer",
    long: true,
    run: (scale) => alone(scale, async () => oneByOne(await get(), `${origin}/things`))
  })),
  { name: bareLoopback, kind: "floor", long: true, needs: ["server"], run: loopbackFloor },
  {
    name: oursLoopback,
    kind: "ours",
    over: bareLoopback,
    long: true,
    needs: ["server"],
    run: loopback
  }
]

export const workload: Workload = {
  title: "an authorized GET",
  metrics: { us: "CPU us a GET", bytes: "bytes allocated", wall: "us a GET" },
  cpu: ["us"],
  wall: ["wall"],
  contenders,
  reach: [
    { contender: ours, metric: "us", over: bare, atMost: 1.05 },
    { contender: oursLoopback, metric: "us", over: bareLoopback, atMost: 1.03 },
    { contender: oursLoopback, metric: "wall", over: bareLoopback, atMost: 1.03 }
  ]
}
