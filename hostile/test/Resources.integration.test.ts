/** APIs that answer with nonsense, want other proofs, or lead the token astray. */
import {
  AuthorizedHttpClient,
  Challenge,
  Dpop,
  DpopKey,
  type OAuthError,
  OAuthHttpClient,
  ProtectedResource,
  TokenSource
} from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"

const http = { fetch: FetchHttpClient.layer, undici: NodeHttpClient.layerUndici }

const challenges: Readonly<Record<string, string>> = {
  "several challenges": `Basic realm="a, b", Bearer error="invalid_token", DPoP algs="ES256"`,
  "a comma inside quotes": `Bearer realm="a, Bearer error=invalid_token", error="x"`,
  "token68": "Negotiate a87421000492aa874209af8bc028==",
  "a scheme alone": "Bearer",
  "letters of another case": `BEARER ERROR="invalid_token"`,
  "missing commas": `Bearer error="invalid_token" scope="a b" realm=x`,
  "an unfinished quotation": `Bearer error="invalid_token`,
  "escaped quotes": String.raw`Bearer realm="a\"b\\", error="invalid_token"`,
  "a parameter twice": `Bearer error="a", error="b"`,
  "a name of every object": `Bearer __proto__="x", constructor=y, toString=z`,
  "letters that are not ASCII": "Bearer realm=\"\xe9\xff\"",
  "nothing but commas": ",,,,  ,,",
  "an equals sign first": `="x" Bearer =`,
  "bait for a slow pattern": `Bearer ${`a=" `.repeat(4_000)}`,
  "bait of spaces": `Bearer ${" ".repeat(12_000)}x`,
  "bait of backslashes": `Bearer a="${"\\".repeat(12_001)}`
}

describe("a challenge", () => {
  for (const [client, layer] of Object.entries(http)) {
    for (const [name, header] of Object.entries(challenges)) {
      it.live(`with ${name} is read or passed over, and the API's answer stands, with ${client} [F01]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen(() => Server.answer(401, { "www-authenticate": header }, "no"))
          const api = yield* apiOf(server.origin)

          const response = yield* api.get(`${server.origin}/api`)

          assert.deepStrictEqual([response.status, yield* response.text], [401, "no"])
          assert.isAtMost(server.received.length, 2)
        }).pipe(Effect.provide(layer)))
    }

    it.live(`of a megabyte is refused by the HTTP client, and is no defect, with ${client} [F01]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() =>
          Server.answer(401, { "www-authenticate": `Bearer a="${"x".repeat(1_048_576)}"` })
        )
        const api = yield* apiOf(server.origin)

        const exit = yield* Effect.exit(api.get(`${server.origin}/api`))

        assert.isTrue(exit._tag === "Failure" && exit.cause.reasons.every(({ _tag }) => _tag === "Fail"))
      }).pipe(Effect.provide(layer)))
  }

  it("of a megabyte is not read [F01]", () => {
    assert.deepStrictEqual(Challenge.parse(`Bearer a="${"x".repeat(1_048_576)}"`), {
      challenges: [],
      problem: "too-long"
    })
  })

  it("gives what it names and nothing that objects have [F01]", () => {
    const { challenges: [challenge] } = Challenge.parse(`Bearer __proto__="x", constructor=y`)

    assert.deepStrictEqual([...challenge?.parameters ?? []], [["__proto__", "x"], ["constructor", "y"]])
    assert.isUndefined(Challenge.said(challenge!).error)
  })
})

describe("a request that is proven", () => {
  for (const [client, layer] of Object.entries(http)) {
    const nonces: Readonly<Record<string, (nth: number) => Readonly<Record<string, string>>>> = {
      "another each time": (nth) => ({ "dpop-nonce": `n-${nth}` }),
      "the same each time": () => ({ "dpop-nonce": "n" }),
      "none": () => ({}),
      "one with a letter that none has": () => ({ "dpop-nonce": `a"b` }),
      "one that is too long": () => ({ "dpop-nonce": "n".repeat(4_000) })
    }
    for (const [name, nonce] of Object.entries(nonces)) {
      it.live(`is repeated once at most where the API wants a nonce and gives ${name}, with ${client} [F03]`, () =>
        Effect.gen(function*() {
          const server = yield* Server.listen((_, nth) =>
            Server.answer(401, { "www-authenticate": `DPoP error="use_dpop_nonce"`, ...nonce(nth) })
          )
          const { api } = yield* provenApi(server.origin)

          const response = yield* api.get(`${server.origin}/api`)

          assert.strictEqual(response.status, 401)
          assert.lengthOf(server.received, /another|same/.test(name) ? 2 : 1)
        }).pipe(Effect.provide(layer)))
    }

    it.live(`holds neither of two nonces, with ${client} [F03]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() =>
          Server.write(
            `HTTP/1.1 401 No\r\nwww-authenticate: DPoP error="use_dpop_nonce"\r\n` +
              "dpop-nonce: n1\r\ndpop-nonce: n2\r\ncontent-length: 0\r\n\r\n"
          )
        )
        const { api } = yield* provenApi(server.origin)

        yield* api.get(`${server.origin}/api`)
        yield* api.get(`${server.origin}/api`)

        assert.deepStrictEqual(new Set(server.received.map(nonceOf)), new Set([undefined]))
        assert.lengthOf(server.received, 2)
      }).pipe(Effect.provide(layer)))

    it.live(`holds the newest nonce, also one that came with a failure, with ${client} [F03]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((_, nth) =>
          Server.answer(nth === 1 ? 500 : 200, { "dpop-nonce": `n-${nth}` })
        )
        const { api } = yield* provenApi(server.origin)

        yield* api.get(`${server.origin}/api`)
        yield* api.get(`${server.origin}/api`)
        yield* api.get(`${server.origin}/api`)

        assert.deepStrictEqual(server.received.map(nonceOf), [undefined, "n-1", "n-2"])
      }).pipe(Effect.provide(layer)))

    it.live(`holds no nonce of another origin, with ${client} [F04]`, () =>
      Effect.gen(function*() {
        const one = yield* Server.listen(() => Server.answer(200, { "dpop-nonce": "of-one" }))
        const other = yield* Server.listen(() => Server.answer(200, {}))
        const { api } = yield* provenApi(one.origin, other.origin)

        yield* api.get(`${one.origin}/api`)
        yield* api.get(`${other.origin}/api`)
        yield* api.get(`${one.origin}/api`)

        assert.deepStrictEqual([...one.received, ...other.received].map(nonceOf), [undefined, "of-one", undefined])
      }).pipe(Effect.provide(layer)))

    it.live(`is never sent as a bearer's, though the API asks for that, with ${client} [F05]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() =>
          Server.answer(401, { "www-authenticate": `Bearer error="invalid_token"` })
        )
        const { api } = yield* provenApi(server.origin)

        const response = yield* api.get(`${server.origin}/api`)

        assert.strictEqual(response.status, 401)
        assert.isTrue(server.received.every(({ headers }) => headers["authorization"]?.startsWith("DPoP ")))
        assert.isTrue(server.received.every(({ headers }) => headers["dpop"] !== undefined))
      }).pipe(Effect.provide(layer)))
  }

  it.effect("remembers the nonces of so many origins and no more [F04]", () =>
    Effect.gen(function*() {
      const dpop = yield* Dpop.make(yield* DpopKey.generate())
      const origins = Array.from({ length: Dpop.capacity * 4 }, (_, index) => `https://api-${index}.example`)
      for (const origin of origins) {
        const proof = yield* dpop.proof({ method: "GET", url: `${origin}/x` })
        dpop.heard(proof, { headers: { "dpop-nonce": "n" } })
      }

      const first = yield* dpop.proof({ method: "GET", url: `${origins[0]}/x` })
      const last = yield* dpop.proof({ method: "GET", url: `${origins.at(-1)}/x` })

      assert.deepStrictEqual([first.nonce, last.nonce], [undefined, "n"])
    }).pipe(Effect.provide(TestCrypto.layer())))
})

describe("what an API says about itself", () => {
  const blocked = [
    "https://169.254.169.254/latest/meta-data",
    "https://[fd00::1]/x",
    "https://[::ffff:169.254.169.254]/x",
    "https://[::1]/x",
    "https://10.0.0.1/x",
    "https://192.168.1.1/x",
    "https://172.20.0.1/x",
    "https://100.64.0.1/x",
    "https://0.0.0.0/x",
    "https://0/x",
    "https://2852039166/x",
    "https://0251.0376.0251.0376/x",
    "https://0xa9fea9fe/x",
    "https://metadata.google.internal/x",
    "https://router.lan/x",
    "https://intranet/x",
    "https://localhost/x",
    "https://localhost./x",
    "https://a.localhost/x",
    "https://user@rs.example/x"
  ]
  for (const address of blocked) {
    it.live(`is not fetched from ${address} [F06]`, () =>
      Effect.gen(function*() {
        const told = yield* Client.outcome(challenged(address)).pipe(Effect.provide(OAuthHttpClient.layerFetch))

        assert.strictEqual(told, "MetadataInvalid blocked-address")
      }))
  }

  for (
    const address of ["http://rs.example/x", "ftp://rs.example/x", "javascript:alert(1)", "//rs.example/x", "/x", ""]
  ) {
    it.live(`is not fetched from ${JSON.stringify(address)} [F06]`, () =>
      Effect.gen(function*() {
        const told = yield* Client.outcome(challenged(address)).pipe(Effect.provide(OAuthHttpClient.layerFetch))

        assert.match(told, /^MetadataInvalid (insecure-url|wrong-type) resource_metadata$/)
      }))
  }

  const url = "https://rs.example/api"
  const documents: Readonly<Record<string, readonly [(origin: string) => Server.Script, string]>> = {
    "of another resource": [
      () => Server.json({ resource: "https://evil.example/api" }),
      "MetadataInvalid resource-mismatch resource"
    ],
    "of a resource that only begins so": [
      () => Server.json({ resource: "https://rs.example/ap" }),
      "MetadataInvalid resource-mismatch resource"
    ],
    "of no resource": [() => Server.json({}), "MetadataInvalid missing resource"],
    "that is too large": [
      () => Server.json(`{"resource":"${url}","x":"${"y".repeat(2_000_000)}"}`),
      "ResponseInvalid too-large"
    ],
    "that is a page": [() => Server.page(), "MetadataInvalid not-json"],
    "that lies elsewhere": [(origin) => Server.redirect(`${origin}/other`), "MetadataInvalid not-found"],
    "with a server by http": [
      () => Server.json({ resource: url, authorization_servers: ["http://as.example"] }),
      "MetadataInvalid insecure-url authorization_servers"
    ]
  }
  for (const [name, [script, expected]] of Object.entries(documents)) {
    it.live(`is not believed in a document ${name} [F06]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((_, __, origin) => script(origin))

        const told = yield* Client.outcome(
          Effect.flatMap(ProtectedResource.makeLoopback(), ({ challenged }) =>
            challenged(url, Challenge.parse(`Bearer resource_metadata="${server.origin}/metadata"`)))
        ).pipe(Effect.provide(OAuthHttpClient.layerFetch))

        assert.strictEqual(told, expected)
        assert.lengthOf(server.received, 1)
      }))
  }

  it.live("names an authorization server only where it is trusted [F06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() =>
        Server.json({ resource: url, authorization_servers: ["https://evil.example", "https://as.example"] })
      )
      const metadata = yield* Effect.flatMap(ProtectedResource.makeLoopback(), ({ challenged }) =>
        challenged(url, Challenge.parse(`Bearer resource_metadata="${server.origin}/metadata"`))).pipe(
          Effect.provide(OAuthHttpClient.layerFetch)
        )

      const trusted = ProtectedResource.authorizationServer(metadata, { trusted: ["https://as.example"] })
      const untrusted = ProtectedResource.authorizationServer(metadata, { trusted: ["https://other.example"] })

      assert.deepStrictEqual(trusted, Result.succeed("https://as.example"))
      assert.isTrue(Result.isFailure(untrusted))
    }))

  it.live("is asked about once more before each request, by whoever knows what a name resolves to [F06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.json({ resource: url }))
      const asked: Array<string> = []

      const told = yield* Client.outcome(
        Effect.flatMap(
          ProtectedResource.makeLoopback({ allow: ({ href }) => Effect.sync(() => (asked.push(href), false)) }),
          ({ challenged }) => challenged(url, Challenge.parse(`Bearer resource_metadata="${server.origin}/metadata"`))
        )
      ).pipe(Effect.provide(OAuthHttpClient.layerFetch))

      assert.strictEqual(told, "MetadataInvalid blocked-address")
      assert.deepStrictEqual([asked, server.received.length], [[`${server.origin}/metadata`], 0])
    }))
})

const challenged = (address: string): Effect.Effect<unknown, OAuthError.OAuthError, OAuthHttpClient.OAuthHttpClient> =>
  Effect.flatMap(
    ProtectedResource.make(),
    ({ challenged }) => challenged("https://rs.example/api", Challenge.parse(`Bearer resource_metadata="${address}"`))
  )

const apiOf = Effect.fnUntraced(function*(...origins: ReadonlyArray<string>) {
  return AuthorizedHttpClient.withTokenSource(
    yield* HttpClient.HttpClient,
    TokenSource.fixed({ value: Redacted.make("t0ken"), type: "Bearer" }),
    { origins }
  )
})

const provenApi = Effect.fnUntraced(function*(...origins: ReadonlyArray<string>) {
  const context = yield* Layer.build(Dpop.layer())
  const dpop = yield* Effect.provideContext(Dpop.Dpop, context)
  const token = { value: Redacted.make("t0ken"), type: "DPoP", thumbprint: dpop.thumbprint }
  const source = TokenSource.make({ dpop, token: Effect.succeed(token), refused: () => Effect.succeed(token) })
  return { api: AuthorizedHttpClient.withTokenSource(yield* HttpClient.HttpClient, source, { origins }) }
})

const nonceOf = ({ headers }: Server.Received): unknown =>
  JSON.parse(Buffer.from((headers["dpop"] ?? "").split(".")[1] ?? "", "base64url").toString()).nonce
