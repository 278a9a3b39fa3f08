/** Every line of the table in `docs/guides/limits.md`, by its own words: the default, and what is beyond a limit. */
import {
  AuthorizationResponse,
  AuthorizationServer,
  Challenge,
  Dpop,
  DpopKey,
  ExchangeLimits,
  JwtVerifier,
  Login,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  ProtectedResource,
  RefreshPolicy,
  RemoteText,
  ServerMetadata,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { Fault, TestAuthorizationServer, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"
import { until } from "./support/until.ts"

const limited = (origin: string, limits: ExchangeLimits.Options, request = Client.present()) =>
  Effect.provide(request, Layer.provideMerge(Client.layer(origin), ExchangeLimits.layer(limits)))

const large = (bytes: number) => Server.json(`{"access_token":"a","token_type":"Bearer","x":"${"y".repeat(bytes)}"}`)

const lines: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
  "bytes of an answer, after inflating": Effect.gen(function*() {
    const server = yield* Server.listen((request) =>
      request.form.get("refresh_token") === "rt" ? large(2_000) : large(1_048_576)
    )

    const told = [
      Client.judged(yield* limited(server.origin, {})),
      Client.judged(yield* limited(server.origin, { maxBytes: 1_000 })),
      Client.judged(yield* limited(server.origin, { maxBytes: 4_000 }))
    ]

    assert.strictEqual(ExchangeLimits.defaults.maxBytes, 1_048_576)
    assert.deepStrictEqual(told, ["Granted", "Unusable: ResponseInvalid too-large", "Granted"])
  }).pipe(Effect.scoped),

  "header fields of an answer": Effect.gen(function*() {
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-${index}`, "y"]))
    const server = yield* Server.listen(() => Server.json({ access_token: "a", token_type: "Bearer" }, { headers }))

    const told = [
      Client.judged(yield* limited(server.origin, {})),
      Client.judged(yield* limited(server.origin, { maxHeaders: 50 }))
    ]

    assert.strictEqual(ExchangeLimits.defaults.maxHeaders, 1_000)
    assert.deepStrictEqual(told, ["Granted", "Unusable: ResponseInvalid too-large headers"])
  }).pipe(Effect.scoped),

  "connecting, head and body together": Effect.gen(function*() {
    const server = yield* Server.listen(() => [
      ...Server.head(200, { "content-type": "application/json", "content-length": "100" }),
      ...Server.hang
    ])

    const told = Client.judged(yield* limited(server.origin, { timeLimit: "200 millis" }))
    yield* until(() => server.open() === 0)

    assert.strictEqual(Duration.toSeconds(ExchangeLimits.defaults.timeLimit), 30)
    assert.strictEqual(told, "Ambiguous: AnswerLost timeout")
  }).pipe(Effect.scoped),

  "connecting and head": Effect.gen(function*() {
    const silent = yield* Server.listen(() => Server.hang)
    const slow = yield* Server.listen(() => [
      ...Server.head(200, { "content-type": "application/json", "content-length": "42" }),
      ...Server.wait(2_500),
      ...Server.write(`{"access_token":"abc","token_type":"Bearer"`.slice(0, 41) + "}")
    ])

    const told = [
      Client.judged(yield* limited(silent.origin, { headTimeLimit: "200 millis" })),
      Client.judged(yield* limited(slow.origin, { headTimeLimit: "2 seconds" }))
    ]
    yield* until(() => silent.open() === 0)

    assert.isUndefined(ExchangeLimits.defaults.headTimeLimit)
    assert.strictEqual(told[0], "Ambiguous: AnswerLost timeout")
    assert.notInclude(told[1], "timeout")
  }).pipe(Effect.scoped),

  "connecting, by undici": Effect.gen(function*() {
    // takes the connection, and never answers the handshake
    const mute = yield* Server.listen(() => Server.hang)
    const http = OAuthHttpClient.layer.pipe(
      Layer.provide(NodeHttpClient.layerUndiciOptions({ connect: { timeout: 200 } }))
    )
    const endpoint = mute.origin.replace("http:", "https:")

    const told = Client.judged(yield* Effect.provide(Client.present(), Client.layer(endpoint, { http })))

    assert.strictEqual(told, "NotSent: RequestNotSent connect")
  }).pipe(Effect.scoped),

  "one renewal's request": inTime(function*() {
    const { key, service } = yield* grant
    const server = yield* TestAuthorizationServer.TestAuthorizationServer
    yield* server.inject(Fault.requestLost("silence"))
    const fiber = yield* Effect.forkChild(Client.outcome(service.refresh(key)))
    yield* TestClock.adjust("29 seconds")
    const before = Option.getOrThrow(yield* service.status(key)).state._tag
    yield* TestClock.adjust("32 seconds")

    assert.strictEqual(Duration.toSeconds(RefreshPolicy.defaults.timeLimit), 60)
    assert.strictEqual(before, "Renewing")
    assert.strictEqual(Option.getOrThrow(yield* service.status(key)).state._tag, "Indeterminate")
    yield* Fiber.join(fiber)
  }),

  "a caller's wait for a renewal": inTime(function*() {
    const { key, service } = yield* grant
    const server = yield* TestAuthorizationServer.TestAuthorizationServer
    yield* server.inject(Fault.slow({ answer: "40 seconds" }))
    const fiber = yield* Effect.forkChild(Client.outcome(service.token(key)))
    yield* TestClock.adjust("31 seconds")
    const waited = yield* Fiber.join(fiber)
    yield* TestClock.adjust("10 seconds")

    assert.strictEqual(Duration.toSeconds(RefreshPolicy.defaults.waitAtMost), 30)
    assert.deepStrictEqual([waited, yield* Client.outcome(service.token(key))], [
      "RenewalPending wait-exceeded",
      "success"
    ])
  }),

  "a call to the store": inTime(function*() {
    const service = yield* TokenService.TokenService
    const fiber = yield* Effect.forkChild(Client.outcome(service.status(service.key("ada"))))
    yield* TestClock.adjust("6 seconds")

    assert.strictEqual(Duration.toSeconds(RefreshPolicy.defaults.storeTimeLimit), 5)
    assert.match(yield* Fiber.join(fiber), /^StoreUnavailable/)
  }, { hangs: true }),

  "`Retry-After` of a renewal": inTime(function*() {
    const { key, service } = yield* grant
    const server = yield* TestAuthorizationServer.TestAuthorizationServer
    yield* server.inject(Fault.unavailable({ status: 429, retryAfter: "86400" }))
    yield* Client.outcome(service.token(key))

    const { retryAt } = Option.getOrThrow(yield* service.status(key))
    assert.strictEqual(Option.getOrThrow(retryAt).epochMilliseconds, 3_600_000)
  }),

  "redirects followed with a secret": Effect.gen(function*() {
    const other = yield* Server.listen(() => Server.tokens())
    const server = yield* Server.listen(() => Server.redirect(other.origin))

    const told = Client.judged(yield* limited(server.origin, {}))

    assert.deepStrictEqual([told, other.received.length], ["Ambiguous: RedirectRefused", 0])
  }).pipe(Effect.scoped),

  "nonces of DPoP, by origin": Effect.gen(function*() {
    const dpop = yield* Dpop.make(yield* DpopKey.generate(), { capacity: 2 })
    for (const name of ["a", "b", "c"]) {
      dpop.heard(yield* dpop.proof({ method: "GET", url: `https://${name}.example` }), {
        headers: { "dpop-nonce": name }
      })
    }

    const nonces = yield* Effect.forEach(
      ["c", "b", "a"],
      (name) => dpop.proof({ method: "GET", url: `https://${name}.example` })
    )

    assert.strictEqual(Dpop.capacity, 256)
    assert.deepStrictEqual(nonces.map(({ nonce }) => nonce), ["c", "b", undefined])
  }).pipe(Effect.provide(TestCrypto.layer())),

  "keys in a key set": Effect.gen(function*() {
    const keys = (count: number) =>
      TestHttp.layer(() =>
        Effect.succeed(TestHttp.json({ keys: Array.from({ length: count }, () => ({ kty: "EC" })) }))
      )
    const ask = (count: number, options?: Jwks.Options) =>
      Effect.flatMap(
        Jwks.make({ uri: "https://as.example/jwks", ...options }),
        ({ key }) => Client.outcome(key({ alg: "ES256" }))
      ).pipe(
        Effect.provide([keys(count), described])
      )

    const told = [yield* ask(100), yield* ask(101), yield* ask(5, { maxKeys: 4 }), yield* ask(101, { maxKeys: 101 })]

    assert.strictEqual(Jwks.maxKeys, 100)
    assert.deepStrictEqual(told, ["success", tooMany, tooMany, "success"])
  }),

  "fetches of a key set for unknown keys": Effect.gen(function*() {
    let asked = 0
    const { key } = yield* Effect.provide(Jwks.make({ uri: "https://as.example/jwks" }), [
      TestHttp.layer(() => Effect.sync(() => (asked++, TestHttp.json({ keys: [] })))),
      described
    ])
    yield* Effect.forEach(
      Array.from({ length: 50 }, (_, index) => `made-up-${index}`),
      (kid) => key({ alg: "ES256", kid })
    )

    assert.strictEqual(asked, 2)
  }),

  "servers whose metadata is kept": Effect.gen(function*() {
    const asked: Array<string> = []
    const http = TestHttp.layer(({ url }) =>
      Effect.sync(() => {
        const issuer = new URL(url).origin
        asked.push(issuer)
        return TestHttp.json({ issuer, token_endpoint: `${issuer}/t` })
      })
    )
    const { get } = yield* Effect.provide(ServerMetadata.make({ capacity: 2 }), http)
    for (const name of ["a", "b", "c", "c", "b", "a"]) yield* get(`https://${name}.example`)

    assert.deepStrictEqual(asked, ["a", "b", "c", "a"].map((name) => `https://${name}.example`))
  }),

  "APIs whose metadata is kept": Effect.gen(function*() {
    const asked: Array<string> = []
    const http = TestHttp.layer(({ url }) =>
      Effect.sync(() => {
        const resource = new URL(url).origin
        asked.push(resource)
        return TestHttp.json({ resource })
      })
    )
    const { get } = yield* Effect.provide(ProtectedResource.make({ capacity: 2 }), http)
    for (const name of ["a", "b", "c", "c", "b", "a"]) yield* get(`https://${name}.example`)

    assert.deepStrictEqual(asked, ["a", "b", "c", "a"].map((name) => `https://${name}.example`))
  }),

  "how long metadata is kept": Effect.gen(function*() {
    let asked = 0
    const http = TestHttp.layer(() =>
      Effect.sync(
        () => (asked++, TestHttp.json({ issuer: "https://a.example", token_endpoint: "https://a.example/t" }))
      )
    )
    const { get } = yield* Effect.provide(ServerMetadata.make(), http)
    yield* get("https://a.example")
    yield* TestClock.adjust("59 minutes")
    yield* get("https://a.example")
    const within = asked
    yield* TestClock.adjust("2 minutes")
    yield* get("https://a.example")

    assert.deepStrictEqual([within, asked], [1, 2])
  }).pipe(Effect.provide(TestClock.layer())),

  "logins that are waited for, in memory": Effect.gen(function*() {
    const pendings = yield* PendingAuthorizations.PendingAuthorizations
    for (const state of ["a", "b", "c"]) yield* pendings.put({ ...pending, state: Redacted.make(state) }, 1_000)

    const kept = yield* Effect.forEach(["a", "b", "c"], pendings.take)

    assert.deepStrictEqual(kept.map(Option.isSome), [false, true, true])
  }).pipe(Effect.provide(PendingAuthorizations.layerMemory({ capacity: 2 }))),

  "how long a login is waited for": inTime(function*() {
    const server = yield* TestAuthorizationServer.TestAuthorizationServer
    const login = yield* Login.Login
    const begin = login.begin({ account: "ada", redirectUri: Client.redirectUri, scopes: [] })
    const [soon, late] = [yield* server.authorize((yield* begin).url), yield* server.authorize((yield* begin).url)]
    yield* TestClock.adjust("30 seconds")
    const first = yield* Client.outcome(login.complete(soon))
    yield* TestClock.adjust(Duration.minutes(9.5))

    assert.deepStrictEqual([first, yield* Client.outcome(login.complete(late))], [
      "success",
      "CallbackRejected no-pending-authorization"
    ])
  }),

  "letters of an authorization response": Effect.sync(() => {
    const query = (length: number) => AuthorizationResponse.fromQuery(`code=${"c".repeat(length - 5)}`)

    assert.deepStrictEqual([query(65_536)._tag, query(65_537)._tag], ["Success", "Failure"])
  }),

  "parameters of an authorization response": Effect.sync(() => {
    const query = (count: number) =>
      AuthorizationResponse.fromQuery(Array.from({ length: count }, (_, i) => `a${i}=b`).join("&"))

    assert.deepStrictEqual([query(100)._tag, query(101)._tag], ["Success", "Failure"])
  }),

  "letters of `WWW-Authenticate`": Effect.sync(() => {
    const header = (length: number) => Challenge.parse("Bearer".padEnd(length, " ")).challenges.length

    assert.deepStrictEqual([Challenge.maxLength, header(32_768), header(32_769)], [32_768, 1, 0])
  }),

  "letters of a server's words": Effect.sync(() => {
    const words = RemoteText.fromUnknown("x".repeat(1_000)) ?? ""

    assert.deepStrictEqual([words.length, words.at(-1)], [300, "…"])
  }),

  "letters of an ID token": Effect.gen(function*() {
    const verify = (length: number) =>
      JwtVerifier.JwtVerifier.use(({ idToken }) => Client.outcome(idToken(Redacted.make("a".repeat(length)), {}))).pipe(
        Effect.provide(
          IdToken.layer().pipe(
            Layer.provide(Jwks.layer()),
            Layer.provide([
              described,
              TestHttp.layer(() => Effect.succeed(TestHttp.empty(500))),
              Client.publicClient
            ])
          )
        )
      )

    assert.strictEqual(yield* verify(131_073), "JwtInvalid format")
  })
}

describe("the table of limits", () => {
  for (const [name, shown] of Object.entries(lines)) {
    it.live(`holds: ${name}`, () => shown)
  }

  it("has a test for every line, and no test has none", () => {
    const guide = fs.readFileSync(path.resolve(import.meta.dirname, "../../docs/guides/limits.md"), "utf8")
    const told = [...guide.matchAll(/^\| (.+?) +\|/gm)].map(([, name]) => name).slice(2)

    assert.deepStrictEqual(told, Object.keys(lines))
  })
})

const tooMany = "ResponseInvalid out-of-range keys"

const described = AuthorizationServer.layer(AuthorizationServer.make({
  provider: "p",
  issuer: "https://as.example",
  tokenEndpoint: "https://as.example/token",
  jwksUri: "https://as.example/jwks"
}))

const pending = {
  key: "p|i|c|ada",
  issuerParameter: "optional",
  redirectUri: Client.redirectUri,
  scopes: []
} as const

const grant = Effect.gen(function*() {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  return yield* Client.adopted({ ...(yield* server.issue()), receivedAt: 0, expiresIn: Duration.zero })
})

/** A line that is shown under the test's own clock, over the application in memory. */
function inTime(
  body: () => Generator<
    Effect.Effect<
      unknown,
      OAuthError.OAuthError | TestAuthorizationServer.NotRedirected,
      Layer.Success<ReturnType<typeof InMemory.layer>>
    >,
    void,
    never
  >,
  options?: { readonly hangs?: boolean }
): Effect.Effect<void, unknown> {
  const hanging = Layer.effect(
    TokenStore.TokenStore,
    Effect.map(TokenStore.TokenStore, (store) => ({ ...store, read: () => Effect.never }))
  ).pipe(Layer.provide(TokenStore.layerMemory))
  const app = InMemory.layer({}, {}, options?.hangs === true ? hanging : TokenStore.layerMemory)
  return Effect.gen(body).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(app, TestClock.layer()))
  ) as Effect.Effect<
    void,
    unknown
  >
}
