/** What holds for every server that a client talks to over sockets: its certificate is checked, and it redirects nobody. */
import {
  AuthorizationServer,
  AuthorizedHttpClient,
  ClientAuthentication,
  DeviceAuthorization,
  Introspection,
  OAuthHttpClient,
  PushedAuthorization,
  Revocation,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest,
  TokenSource,
  UserInfo
} from "@effect-oauth/core"
import { Jwks } from "@effect-oauth/core/jose"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import type * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"

const openssl = childProcess.spawnSync("openssl", ["version"]).status === 0

const trusting = (ca: string) => NodeHttpClient.layerUndiciOptions({ connect: { ca } })

const calls: Record<string, {
  readonly ids: string
  readonly run: (origin: string) => Effect.Effect<unknown, unknown, HttpClient.HttpClient>
}> = {
  token: {
    ids: "[6749-10.9-a] [2.1-1.5-b] [OIDC-16.17-a]",
    run: (origin) =>
      at(
        origin,
        TokenEndpoint.make.pipe(
          Effect.flatMap(({ request }) => request(TokenRequest.refreshToken({ refreshToken: token })))
        )
      )
  },
  revocation: {
    ids: "[7009-5-a] [2.1-1.5-b]",
    run: (origin) => at(origin, Effect.flatMap(Revocation.make, ({ revoke }) => revoke(token)))
  },
  introspection: {
    ids: "[7662-4-a] [2.1-1.5-b]",
    run: (origin) => at(origin, Effect.flatMap(Introspection.make, ({ introspect }) => introspect(token)))
  },
  "device authorization": {
    ids: "[8628-3.1-b] [2.1-1.5-b]",
    run: (origin) =>
      at(
        origin,
        Effect.flatMap(
          DeviceAuthorization.make.pipe(Effect.provide(TokenEndpoint.layer)),
          ({ start }) => start()
        )
      )
  },
  metadata: {
    ids: "[8414-6.1-b] [8414-6.2-a] [OIDD-7.1-a] [OIDD-7.2-a] [2.1-1.5-b]",
    run: (origin) => at(origin, Effect.flatMap(ServerMetadata.make(), ({ get }) => get(origin)))
  },
  "pushed authorization": {
    ids: "[2.1-1.5-b]",
    run: (origin) =>
      at(origin, Effect.flatMap(PushedAuthorization.make, ({ push }) => push([["response_type", "code"]])))
  },
  userinfo: {
    ids: "[OIDC-5.3.4-a] [OIDC-16.17-a]",
    run: (origin) => at(origin, UserInfo.get(TokenSource.fixed({ value: token, type: "Bearer" }), "user-1"))
  },
  keys: {
    ids: "[OIDC-16.17-a]",
    run: (origin) =>
      at(
        origin,
        Effect.flatMap(Jwks.make({ uri: `${origin}/jwks` }), ({ key }) => key({ alg: "ES256" }))
      )
  },
  resource: {
    ids: "[6750-5.2-a] [6750-5.2-b] [6750-5.3-b] [2.1-7.1.3.2-a]",
    run: (origin) =>
      Effect.flatMap(HttpClient.HttpClient, (client) =>
        AuthorizedHttpClient.withTokenSource(
          client,
          TokenSource.fixed({ value: token, type: "Bearer" }),
          { origins: [origin] }
        ).get(`${origin}/things`))
  }
}

describe.skipIf(!openssl)("a server with a certificate", () => {
  const certificates = openssl ? makeCertificates() : undefined
  for (const [name, { ids, run }] of Object.entries(calls)) {
    describe(name, () => {
      for (
        const [kind, certificate, ca] of [
          ["that nobody vouches for", "own", "other"],
          ["of another host", "other", "other"],
          ["that has its name elsewhere", "unnamed", "unnamed"]
        ] as const
      ) {
        it.live(`${kind} is told nothing ${ids}`, () =>
          Effect.gen(function*() {
            const made = certificates ?? assert.fail("there is no openssl")
            const server = yield* listen(made[certificate])

            const exit = yield* Effect.exit(
              run(server.origin).pipe(Effect.provide(trusting(made[ca].cert), { local: true }))
            )

            assert.strictEqual(exit._tag, "Failure")
            assert.strictEqual(server.requests(), 0)
          }))
      }

      it.live("of its own that somebody vouches for is talked to", () =>
        Effect.gen(function*() {
          const made = certificates ?? assert.fail("there is no openssl")
          const server = yield* listen(made.own)

          yield* Effect.exit(run(server.origin).pipe(Effect.provide(trusting(made.own.cert), { local: true })))

          assert.isAbove(server.requests(), 0)
        }))
    })
  }
})

describe("a resource that redirects", () => {
  const clients = { fetch: FetchHttpClient.layer, undici: NodeHttpClient.layerUndici }
  for (const [name, client] of Object.entries(clients)) {
    for (const status of [301, 302, 303, 307, 308]) {
      it.live(`elsewhere by ${status} leads no token there, with ${name} [6750-5.3-a] [2.1-7.1.3.1-a]`, () =>
        Effect.gen(function*() {
          const seen: Array<string | undefined> = []
          const other = yield* listen(undefined, (request, response) => {
            seen.push(request.headers.authorization)
            response.end()
          })
          const server = yield* listen(undefined, (_, response) => {
            response.writeHead(status, { location: `${other.origin}/taken` }).end()
          })
          const { origin } = server
          const authorized = AuthorizedHttpClient.withTokenSource(
            yield* HttpClient.HttpClient,
            TokenSource.fixed({ value: token, type: "Bearer" }),
            { origins: [origin] }
          )

          const response = yield* authorized.get(`${origin}/things`)

          assert.strictEqual(response.status, status)
          assert.deepStrictEqual(seen, [])
        }).pipe(Effect.provide(client)))
    }
  }
})

const token = Redacted.make("t0ken")

const at = <A, E>(
  origin: string,
  effect: Effect.Effect<
    A,
    E,
    | AuthorizationServer.AuthorizationServer
    | ClientAuthentication.ClientAuthentication
    | OAuthHttpClient.OAuthHttpClient
  >
) =>
  effect.pipe(Effect.provide(
    Layer.mergeAll(
      OAuthHttpClient.layer,
      ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s") }),
      AuthorizationServer.layer(AuthorizationServer.make({
        provider: "acme",
        tokenEndpoint: `${origin}/token`,
        revocationEndpoint: `${origin}/revoke`,
        introspectionEndpoint: `${origin}/introspect`,
        deviceAuthorizationEndpoint: `${origin}/device`,
        authorizationEndpoint: `${origin}/authorize`,
        pushedAuthorizationRequestEndpoint: `${origin}/push`,
        userinfoEndpoint: `${origin}/userinfo`
      }))
    ),
    { local: true }
  ))

interface Certificate {
  readonly key: string
  readonly cert: string
}

const listen = (
  tls: Certificate | undefined,
  handle: http.RequestListener = (_, response) => void response.writeHead(404).end()
) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly requests: () => number; readonly server: http.Server }>(
      (resume) => {
        let requests = 0
        const counted: http.RequestListener = (request, response) => {
          requests++
          handle(request, response)
        }
        const server = tls === undefined ? http.createServer(counted) : https.createServer(tls, counted)
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as net.AddressInfo
          const origin = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`
          resume(Effect.succeed({ origin, requests: () => requests, server }))
        })
      }
    ),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

function makeCertificates() {
  const make = (...extension: ReadonlyArray<string>): Certificate => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"))
    const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")]
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    const subject = ["-subj", "/CN=127.0.0.1", "-days", "2", ...extension]
    childProcess.execFileSync(
      "openssl",
      ["req", "-x509", "-nodes", ...curve, ...subject, "-keyout", key, "-out", cert],
      {
        stdio: "ignore"
      }
    )
    const made = { key: fs.readFileSync(key, "utf8"), cert: fs.readFileSync(cert, "utf8") }
    fs.rmSync(folder, { recursive: true })
    return made
  }
  return {
    own: make("-addext", "subjectAltName=IP:127.0.0.1"),
    other: make("-addext", "subjectAltName=DNS:other.example"),
    unnamed: make()
  }
}
