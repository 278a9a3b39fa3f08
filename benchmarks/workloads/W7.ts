import * as Dpop from "@effect-oauth/core/Dpop"
import * as DpopKey from "@effect-oauth/core/DpopKey"
import * as ClientAssertion from "@effect-oauth/core/jose/ClientAssertion"
import * as Pkce from "@effect-oauth/core/Pkce"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as oauth from "oauth4webapi"
import { spent } from "../measure.ts"
import type { Contender, Scale, Workload } from "../Workload.ts"

const accessToken = "an-access-token-of-the-usual-length-which-is-some-forty-characters"
const url = "https://api.example.com/v1/things"

const chunks = 8

/**
 * Microseconds for each of `count` operations, `width` at once, after as many to warm up: the best of eight chunks, since
 * what a chunk takes longer is the machine's. CPU time is that of all threads.
 */
const each = async (count: number, width: number, run: () => Promise<unknown>) => {
  const round = async (count: number) => {
    for (let done = 0; done < count; done += width) await Promise.all(Array.from({ length: width }, run))
  }
  await round(count)
  let [cpu, wall] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let chunk = 0; chunk < chunks; chunk++) {
    const took = await spent(() => round(count / chunks))
    cpu = Math.min(cpu, took.cpu * chunks / count)
    wall = Math.min(wall, took.wall * chunks / count)
  }
  return { cpu, wall }
}

const both = async (scale: Scale, run: () => Promise<unknown>) => {
  const count = scale === "full" ? 8_192 : 2_048
  const alone = await each(count, 1, run)
  const many = await each(count, 16, run)
  return { cpu: alone.cpu, cpu16: many.cpu, us: alone.wall, us16: many.wall }
}

const services = Layer.merge(Digest.layerWebCrypto, SecureRandom.layerWebCrypto)

const ecdsa = { name: "ECDSA", namedCurve: "P-256" }

const ourProofs = "proofs"
const theirProofs = "oauth4webapi's proofs"
const bareProofs = "subtle.sign"
const ourAssertions = "private_key_jwt"
const theirAssertions = "oauth4webapi's private_key_jwt"
const ourPairs = "PKCE pairs"
const nodePairs = "PKCE pairs with NodeCrypto"
const barePairs = "getRandomValues and subtle.digest"

const contenders: ReadonlyArray<Contender> = [
  {
    name: bareProofs,
    kind: "floor",
    run: async (scale) => {
      const { privateKey } = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"])
      const data = crypto.getRandomValues(new Uint8Array(420))
      return both(scale, () => crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, data))
    }
  },
  {
    name: ourProofs,
    kind: "ours",
    run: async (scale) => {
      const dpop = await Effect.runPromise(
        Effect.provide(Effect.flatMap(DpopKey.generate(), (key) => Dpop.make(key)), services)
      )
      const request = { method: "GET", url, accessToken: Redacted.make(accessToken) }
      const proof = dpop.proof(request)
      return both(scale, () => Effect.runPromise(proof))
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
      return both(
        scale,
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
      return both(scale, () => Effect.runPromise(statement))
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
      return both(scale, () => Promise.resolve(authenticate(server, client, new URLSearchParams(), new Headers())))
    }
  },
  {
    name: barePairs,
    kind: "floor",
    run: (scale) =>
      both(scale, () => {
        const verifier = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")
        return crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))
          .then((hash) => Buffer.from(hash).toString("base64url"))
      })
  },
  {
    name: ourPairs,
    kind: "ours",
    over: barePairs,
    run: async (scale) => {
      const pair = Effect.provide(Pkce.make, await Effect.runPromise(Effect.scoped(Layer.build(services))))
      return both(scale, () => Effect.runPromise(pair))
    }
  },
  {
    name: nodePairs,
    kind: "ours",
    over: barePairs,
    run: async (scale) => {
      const pair = Effect.provide(Pkce.make, await Effect.runPromise(Effect.scoped(Layer.build(NodeCrypto.layer))))
      return both(scale, () => Effect.runPromise(pair))
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
    ...reachOf(ourPairs, barePairs, 1.7),
    ...reachOf(nodePairs, barePairs, 1.7)
  ]
}
