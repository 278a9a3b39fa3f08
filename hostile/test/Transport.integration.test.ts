/** Whom a client talks to: redirects, plain http, certificates, portals and caches. */
import {
  AuthorizationServer,
  DeviceAuthorization,
  Introspection,
  type OAuthError,
  OAuthHttpClient,
  PushedAuthorization,
  Revocation,
  ServerMetadata,
  TokenSource,
  UserInfo
} from "@effect-oauth/core"
import { Jwks } from "@effect-oauth/core/jose"
import { TestHttp } from "@effect-oauth/core/testing"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import * as childProcess from "node:child_process"
import * as https from "node:https"
import type * as net from "node:net"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import { certificate, openssl } from "./support/certificate.ts"

const token = Redacted.make("t0ken")

type Services = Layer.Success<ReturnType<typeof Client.layer>>

/** Every call that carries a secret to an authorization server, or believes what it says. */
const calls: Readonly<Record<string, Effect.Effect<unknown, OAuthError.OAuthError, Services>>> = {
  token: Effect.flatMap(
    Client.present(),
    (judgement) => judgement._tag === "Granted" ? Effect.succeed(judgement) : Effect.fail(failure(judgement.reason))
  ),
  revocation: Revocation.Revocation.use(({ revoke }) => revoke(token)),
  introspection: Introspection.Introspection.use(({ introspect }) => introspect(token)),
  device: DeviceAuthorization.DeviceAuthorization.use(({ start }) => start()),
  push: PushedAuthorization.PushedAuthorization.use(({ push }) => push([["response_type", "code"]])),
  userinfo: UserInfo.get(TokenSource.fixed({ value: token, type: "Bearer" }), "user-1"),
  keys: Effect.flatMap(Jwks.make(), ({ key }) => key({ alg: "ES256" })),
  metadata: Effect.flatMap(
    ServerMetadata.makeLoopback(),
    ({ get }) => Effect.flatMap(AuthorizationServer.AuthorizationServer, ({ issuer = "" }) => get(issuer))
  )
}

const pushing = (origin: string) => ({ server: { pushedAuthorizationRequestEndpoint: `${origin}/push` } })

describe("a redirect", () => {
  for (const [client, http] of Object.entries(Client.clients)) {
    for (const [name, call] of Object.entries(calls)) {
      for (const status of [301, 302, 303, 307, 308]) {
        it.live(`of ${name} by ${status} is followed nowhere, with ${client} [C01]`, () =>
          Effect.gen(function*() {
            const other = yield* Server.listen(() => Server.tokens())
            const server = yield* Server.listen(() => Server.redirect(`${other.origin}/taken`, status))

            const told = yield* Client.outcome(call).pipe(
              Effect.provide(Client.layer(server.origin, { http, ...pushing(server.origin) }))
            )

            assert.match(told, name === "metadata" ? /^MetadataInvalid not-found$/ : /^RedirectRefused$/)
            assert.lengthOf(other.received, 0)
          }))
      }
    }
  }

  const followers: Readonly<Record<string, Layer.Layer<OAuthHttpClient.OAuthHttpClient>>> = {
    "fetch as it is": OAuthHttpClient.layer.pipe(Layer.provide(FetchHttpClient.layer)),
    "fetch that was told to": OAuthHttpClient.layer.pipe(
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(Layer.succeed(FetchHttpClient.RequestInit, { redirect: "follow" }))
    ),
    "undici with a follower around it": OAuthHttpClient.layer.pipe(
      Layer.provide(
        Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.followRedirects()))
      ),
      Layer.provide(NodeHttpClient.layerUndici)
    )
  }
  for (const [client, http] of Object.entries(followers)) {
    for (const [name, call] of Object.entries(calls)) {
      it.live(`of ${name} that an application's client follows is found out and not believed: ${client} [C01]`, () =>
        Effect.gen(function*() {
          const other = yield* Server.listen(() =>
            Server.tokens({ active: true, sub: "user-1", keys: [], device_code: "d", user_code: "u" })
          )
          const server = yield* Server.listen(() => Server.redirect(`${other.origin}/taken`, 307))

          const error = yield* Effect.flip(call).pipe(
            Effect.provide(Client.layer(server.origin, { http, ...pushing(server.origin) }))
          )

          assert.isTrue(error.reason._tag === "RedirectRefused" && error.reason.followed, String(error))
          assert.match(String(error), /followed a redirect .* by itself/)
        }))
    }
  }
})

describe("plain http", () => {
  it.live("is refused wherever a server is described [C03]", () =>
    Effect.gen(function*() {
      const fields = [
        "issuer",
        "authorizationEndpoint",
        "tokenEndpoint",
        "revocationEndpoint",
        "introspectionEndpoint",
        "deviceAuthorizationEndpoint",
        "pushedAuthorizationRequestEndpoint",
        "userinfoEndpoint",
        "jwksUri"
      ]
      const addresses = [
        "http://as.example/x",
        "http://127.0.0.1/x",
        "HTTP://as.example/x",
        "ftp://as.example/x",
        "javascript:x"
      ]
      for (const address of addresses) {
        for (const field of fields) {
          const made = AuthorizationServer.make({
            provider: "p",
            tokenEndpoint: "https://as.example/token",
            [field]: address
          })

          assert.isTrue(Result.isFailure(made), `${field} ${address}`)
        }
      }
    }))

  for (
    const host of ["as.example", "127.0.0.1.evil.example", "localhost.evil.example", "128.0.0.1", "0.0.0.0", "[::2]"]
  ) {
    it.live(`to ${host} is refused though this machine is allowed [C03]`, () =>
      Effect.gen(function*() {
        assert.isTrue(Result.isFailure(Client.described(`http://${host}`)))
      }))
  }

  it.live("in metadata is refused, whatever it is the address of [C03]", () =>
    Effect.gen(function*() {
      for (
        const field of [
          "token_endpoint",
          "authorization_endpoint",
          "revocation_endpoint",
          "jwks_uri",
          "userinfo_endpoint"
        ]
      ) {
        const server = yield* Server.listen((_, __, origin) =>
          Server.json({ issuer: origin, token_endpoint: `${origin}/token`, [field]: "http://as.example/x" })
        )

        const told = yield* Client.outcome(calls["metadata"]!).pipe(Effect.provide(Client.layer(server.origin)))

        assert.strictEqual(told, `MetadataInvalid insecure-url ${field}`)
      }
    }))

  it.live("is not connected to, even where it was smuggled into the description [C03]", () =>
    Effect.gen(function*() {
      const made = Result.getOrThrow(Client.described("http://127.0.0.1:1"))
      const smuggled = { ...made, tokenEndpoint: "http://192.0.2.1/token" }

      const judgement = yield* Client.present().pipe(
        Effect.provide(Client.layer("http://127.0.0.1:1", { description: smuggled }))
      )

      assert.strictEqual(
        Client.judged(judgement),
        "NotSent: ConfigurationInvalid must begin with https:// tokenEndpoint"
      )
    }))
})

describe.skipIf(!openssl)("a certificate", () => {
  const kinds = {
    "of its own making": "own",
    "of another host": "other-host",
    "that is over": "expired"
  } as const
  for (const [client, http] of Object.entries(Client.clients)) {
    for (const [name, kind] of Object.entries(kinds)) {
      it.live(`${name} ends the call before anything is sent, with ${client} [C04]`, () =>
        Effect.gen(function*() {
          const server = yield* listenTls(certificate(kind))
          const authorizationServer = Result.getOrThrow(AuthorizationServer.make({
            provider: "hostile",
            tokenEndpoint: `https://127.0.0.1:${server.port}/token`
          }))

          const judgement = yield* Client.present().pipe(
            Effect.provide(Client.layer("http://127.0.0.1:1", { http, description: authorizationServer }))
          )

          assert.strictEqual(Client.judged(judgement), "NotSent: RequestNotSent tls")
          assert.strictEqual(server.requests(), 0)
        }))
    }
  }

  it("that is over is one that openssl calls over [C04]", () => {
    const { cert } = certificate("expired")

    const told = childProcess.spawnSync("openssl", ["x509", "-noout", "-checkend", "0"], { input: cert })

    assert.strictEqual(told.status, 1)
  })
})

describe("whoever stands between", () => {
  for (const [client, http] of Object.entries(Client.clients)) {
    for (const [name, call] of Object.entries(calls)) {
      if (name === "revocation") continue
      it.live(`shows a page of its own for ${name}, which is not believed, with ${client} [C06]`, () =>
        Effect.gen(function*() {
          const portal = yield* Server.listen(() => Server.page(200))

          const told = yield* Client.outcome(call).pipe(
            Effect.provide(Client.layer(portal.origin, { http, ...pushing(portal.origin) }))
          )

          assert.match(told, /^(AnswerLost|ResponseInvalid) (content-type|status)$|^MetadataInvalid not-found$/)
        }))
    }
    for (const status of [407, 511]) {
      it.live(`wants to be asked first (${status}), which is never an answer of the server, with ${client} [C06]`, () =>
        Effect.gen(function*() {
          const portal = yield* Server.listen(() => Server.page(status))

          const judgement = yield* Effect.provide(Client.present(), Client.layer(portal.origin, { http }))

          assert.strictEqual(
            Client.judged(judgement),
            // what `fetch` is told to hide from its callers (Fetch, section 4.6) may be anything
            client === "fetch" && status === 407
              ? "Ambiguous: AnswerLost transport"
              : "NotProcessed: ServerUnavailable"
          )
        }))
    }
  }
})

describe("a cache", () => {
  it.live("is asked for nothing [C07]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens())

      yield* Effect.provide(Client.present(), Client.layer(server.origin))
      yield* Effect.exit(calls["metadata"]!).pipe(Effect.provide(Client.layer(server.origin)))

      assert.deepStrictEqual(
        new Set(server.received.map(({ headers }) => headers["cache-control"])),
        new Set(["no-cache"])
      )
    }))

  it.effect("keeps metadata for a day at most, whatever the server allows [C07]", () =>
    Effect.gen(function*() {
      let asked = 0
      const http = TestHttp.layer(() =>
        Effect.sync(() => {
          asked++
          return TestHttp.json({ issuer: "https://as.example", token_endpoint: "https://as.example/token" }, {
            headers: {
              "cache-control": "public, max-age=999999999, immutable",
              "age": "3",
              "expires": "Fri, 01 Jan 2100 00:00:00 GMT"
            }
          })
        })
      )
      const { get } = yield* Effect.provide(ServerMetadata.make({ timeToLive: "365 days" }), http)

      yield* get("https://as.example")
      yield* TestClock.adjust("23 hours")
      yield* get("https://as.example")
      const within = asked
      yield* TestClock.adjust("2 hours")
      yield* get("https://as.example")

      assert.deepStrictEqual([within, asked], [1, 2])
    }))

  it.effect("keeps a failure for three seconds [C07]", () =>
    Effect.gen(function*() {
      let asked = 0
      const http = TestHttp.layer(() => Effect.sync(() => (asked++, TestHttp.html("poison"))))
      const { get } = yield* Effect.provide(ServerMetadata.make({ timeToLive: "1 day" }), http)

      yield* Effect.exit(get("https://as.example"))
      yield* TestClock.adjust("2 seconds")
      yield* Effect.exit(get("https://as.example"))
      const within = asked
      yield* TestClock.adjust("2 seconds")
      yield* Effect.exit(get("https://as.example"))

      // both addresses each time
      assert.deepStrictEqual([within, asked], [2, 4])
    }))
})

const failure = (reason: OAuthError.OAuthErrorReason): OAuthError.OAuthError => Client.error(reason)

const listenTls = (options: https.ServerOptions) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly requests: () => number; readonly server: https.Server }>(
      (resume) => {
        let requests = 0
        const server = https.createServer(options, (_, response) => {
          requests++
          response.end()
        })
        server.on("tlsClientError", () => {})
        server.listen(0, "127.0.0.1", () =>
          resume(Effect.succeed({
            port: (server.address() as net.AddressInfo).port,
            requests: () => requests,
            server
          })))
      }
    ),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
