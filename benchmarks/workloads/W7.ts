import * as Dpop from "@effect-oauth/core/Dpop"
import * as DpopKey from "@effect-oauth/core/DpopKey"
import * as ClientAssertion from "@effect-oauth/core/jose/ClientAssertion"
import * as Pkce from "@effect-oauth/core/Pkce"
import * as PlatformDigest from "@effect-oauth/core/PlatformDigest"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as oauth from "oauth4webapi"
import { inTurns, type Took } from "../measure.ts"
import type { Contender, InTurns, Sample, Scale, Workload } from "../Workload.ts"

const accessToken = "an-access-token-of-the-usual-length-which-is-some-forty-characters"
const url = "https://api.example.com/v1/things"

const turns = 64

type Operation = () => Promise<unknown>

/** So many operations, a width of them at once. */
const times = (width: number, run: Operation) => async (count: number) => {
  for (let done = 0; done < count; done += width) await Promise.all(Array.from({ length: width }, run))
}

/** What an operation costs, one at a time and 16 at once. CPU time is that of all threads. */
const alone = async (scale: Scale, run: Operation): Promise<Sample> => {
  const count = countOf(scale)
  const [one] = await inTurns(count, turns, [times(1, run)])
  const [many] = await inTurns(count, turns, [times(16, run)])
  return sampleOf(one, many)
}

/** The same, and what the floor costs that takes turns with it. */
const beside = async (scale: Scale, floor: Operation, run: Operation): Promise<InTurns> => {
  const count = countOf(scale)
  const [one, floorOne] = await inTurns(count, turns, [times(1, run), times(1, floor)])
  const [many, floorMany] = await inTurns(count, turns, [times(16, run), times(16, floor)])
  return { is: sampleOf(one, many), floor: sampleOf(floorOne, floorMany) }
}

const countOf = (scale: Scale): number => scale === "full" ? 4_096 : 2_048

const sampleOf = (one: Took, many: Took): Sample => ({
  cpu: one.cpu,
  cpu16: many.cpu,
  us: one.wall,
  us16: many.wall
})

/** What the layers have unless they are given another. */
const services = Layer.merge(PlatformDigest.layer, SecureRandom.layerWebCrypto)

const webCrypto = Layer.merge(Digest.layerWebCrypto, SecureRandom.layerWebCrypto)

const ecdsa = { name: "ECDSA", namedCurve: "P-256" }

const ourProofs = "proofs"
const theirProofs = "oauth4webapi's proofs"
const bareProofs = "subtle.sign"
const ourAssertions = "private_key_jwt"
const theirAssertions = "oauth4webapi's private_key_jwt"
const ourPairs = "PKCE pairs"
const webPairs = "PKCE pairs with WebCrypto"
const barePairs = "getRandomValues and subtle.digest"

const bareSign = async (): Promise<Operation> => {
  const { privateKey } = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"])
  const data = crypto.getRandomValues(new Uint8Array(420))
  return () => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, data)
}

const barePair: Operation = () => {
  const verifier = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))
    .then((hash) => Buffer.from(hash).toString("base64url"))
}

const contenders: ReadonlyArray<Contender> = [
  { name: bareProofs, kind: "floor", run: async (scale) => alone(scale, await bareSign()) },
  {
    name: ourProofs,
    kind: "ours",
    run: async (scale) => {
      const dpop = await Effect.runPromise(
        Effect.provide(Effect.flatMap(DpopKey.generate(), (key) => Dpop.make(key)), services)
      )
      const request = { method: "GET", url, accessToken: Redacted.make(accessToken) }
      const proof = dpop.proof(request)
      return beside(scale, await bareSign(), () => Effect.runPromise(proof))
    }
  },
  {
    name: theirProofs,
    kind: "peer",
    run: async (scale) => {
      const pair = await oauth.generateKeyPair("ES256", { extractable: false })
      const handle = oauth.DPoP({}, pair)
      const answer = new Response()
      const address = new URL(url)
      const options = { DPoP: handle, [oauth.customFetch]: () => Promise.resolve(answer) }
      return beside(
        scale,
        await bareSign(),
        () => oauth.protectedResourceRequest(accessToken, "GET", address, undefined, undefined, options)
      )
    }
  },
  {
    name: ourAssertions,
    kind: "ours",
    run: async (scale) => {
      const { privateKey } = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"])
      const { credentials } = Result.getOrThrow(ClientAssertion.privateKeyJwt({
        clientId: "client",
        issuer: "https://as.example",
        key: { cryptoKey: privateKey, algorithm: "ES256", kid: "key" }
      }))
      const statement = credentials("token")
      return beside(scale, await bareSign(), () => Effect.runPromise(statement))
    }
  },
  {
    name: theirAssertions,
    kind: "peer",
    long: true,
    run: async (scale) => {
      const { privateKey } = await oauth.generateKeyPair("ES256", { extractable: false })
      const authenticate = oauth.PrivateKeyJwt({ key: privateKey, kid: "key" })
      const server = { issuer: "https://as.example" }
      const client = { client_id: "client" }
      return beside(
        scale,
        await bareSign(),
        () => Promise.resolve(authenticate(server, client, new URLSearchParams(), new Headers()))
      )
    }
  },
  { name: barePairs, kind: "floor", run: (scale) => alone(scale, barePair) },
  {
    name: ourPairs,
    kind: "ours",
    over: barePairs,
    run: async (scale) => {
      const pair = Effect.provide(Pkce.make, await Effect.runPromise(Effect.scoped(Layer.build(services))))
      return beside(scale, barePair, () => Effect.runPromise(pair))
    }
  },
  {
    name: webPairs,
    kind: "ours",
    over: barePairs,
    long: true,
    run: async (scale) => {
      const pair = Effect.provide(Pkce.make, await Effect.runPromise(Effect.scoped(Layer.build(webCrypto))))
      return beside(scale, barePair, () => Effect.runPromise(pair))
    }
  }
]

const reachOf = (contender: string, over: string, atMost: number) =>
  ["cpu", "cpu16", "us", "us16"].map((metric) => ({ contender, over, metric, atMost }))

export const workload: Workload = {
  title: "proofs of possession, signed assertions and PKCE pairs",
  cpu: ["cpu", "cpu16"],
  wall: ["us", "us16"],
  metrics: {
    cpu: "CPU us each, one at a time",
    cpu16: "CPU us each, 16 at once",
    us: "us each, one at a time",
    us16: "us each, 16 at once"
  },
  contenders,
  reach: [
    ...reachOf(ourProofs, bareProofs, 1.5),
    ...reachOf(ourProofs, theirProofs, 1 / 1.4),
    ...reachOf(ourAssertions, bareProofs, 1.6),
    ...reachOf(ourPairs, barePairs, 1.7)
  ]
}
