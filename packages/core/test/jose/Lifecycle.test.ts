import {
  type Grant,
  type GrantKey,
  Login,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { Fault, TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted, type Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as OpenId from "../support/OpenId.ts"

describe("a login with a verifier", () => {
  it.effect("tells who it was, and keeps the grant [OIDC-3.1.3.5-a]", () =>
    opened(() =>
      Effect.gen(function*() {
        const completed = yield* login()

        const identity = Option.getOrThrow(completed.identity)
        assert.strictEqual(identity.issuer, "https://as.test")
        assert.strictEqual(identity.subject, "user-1")
        assert.isTrue(Option.isSome(completed.idToken))
        assert.strictEqual((yield* record(completed.key)).state._tag, "Active")
        assert.strictEqual((yield* body(completed.key)).identity?.subject, "user-1")
      })
    ))

  const broken: ReadonlyArray<readonly [title: string, rule: string, changes: OpenId.Claims]> = [
    ["with another nonce [9700-4.5.3.2-a] [9700-4.5.3.2-b] [OIDC-3.1.3.7-l]", "nonce", { nonce: "guessed" }],
    ["of another issuer [OIDD-4.3-d] [OIDD-7.2-b]", "iss", { iss: "https://other.test" }],
    ["for another client [OIDC-3.1.3.7-c]", "aud", { aud: "other" }],
    ["for another access token [OIDC-3.1.3.8-a]", "at_hash", { at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["for another code", "c_hash", { c_hash: "AAAAAAAAAAAAAAAAAAAAAA" }]
  ]
  for (const [title, rule, changes] of broken) {
    it.effect(`keeps nothing that came with an ID token ${title}, and revokes it`, () =>
      opened(({ change }) =>
        Effect.gen(function*() {
          change(changes)

          const error = yield* Effect.flip(login())

          const server = yield* TestAuthorizationServer.TestAuthorizationServer
          const service = yield* TokenService.TokenService
          assert.strictEqual(OpenId.ruleOf(error), rule)
          assert.isTrue(Option.isNone(yield* service.status(service.key("ada"))))
          assert.deepStrictEqual((yield* server.families).map(({ revoked }) => revoked), [true])
        })
      ))
  }

  it.effect("revokes the access token where there is no other", () =>
    opened(({ change }) =>
      Effect.gen(function*() {
        change({ aud: "other" })

        yield* Effect.flip(login())

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        assert.deepStrictEqual((yield* server.families).map(({ accessTokens }) => accessTokens), [[]])
      }), { refreshTokens: "never" }))

  it.effect("asks for the ID token that the scope stands for [OIDC-3.1.3.3-a]", () =>
    opened(() =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.without("id_token"))

        const error = yield* Effect.flip(login())

        assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.field, "id_token")
        assert.isTrue((yield* server.families)[0]?.revoked)
      })
    ))

  it.effect("asks for none where openid was not asked for", () =>
    opened(() =>
      Effect.gen(function*() {
        const completed = yield* login({ scopes: ["read"] })

        assert.isTrue(Option.isNone(completed.identity))
        assert.isTrue(Option.isNone(completed.idToken))
      })
    ))

  it.effect("takes an ID token once: a second answer finds no login [OIDC-3.1.3.7-m]", () =>
    opened(() =>
      Effect.gen(function*() {
        const { answer, logins } = yield* answered()
        yield* logins.complete(answer)

        const error = yield* Effect.flip(logins.complete(answer))

        assert.strictEqual(error.reason._tag, "CallbackRejected")
      })
    ))

  for (
    const [title, problem, forge] of [
      ["another state", "no-pending-authorization", (url: string) => url.replace(/state=[^&]+/, "state=guessed")],
      ["another issuer", "issuer-mismatch", (url: string) => url.replace("as.test", "evil.test")],
      ["no code", "code-missing", (url: string) => url.replace(/code=[^&]+&/, "")]
    ] as const
  ) {
    it.effect(`is answered like any login: ${title} is refused, and nothing is sent [OIDC-3.1.2.7-a]`, () =>
      opened(() =>
        Effect.gen(function*() {
          const { answer, logins } = yield* answered()

          const error = yield* Effect.flip(logins.complete(forge(answer)))

          const server = yield* TestAuthorizationServer.TestAuthorizationServer
          assert.strictEqual(error.reason._tag === "CallbackRejected" && error.reason.problem, problem)
          assert.deepStrictEqual(yield* server.exchanges, [])
        })
      ))
  }

  it.effect("checks how long ago the person signed in, where that was asked for [OIDC-3.1.3.7-o]", () =>
    opened(({ change }) =>
      Effect.gen(function*() {
        change({ auth_time: OpenId.start / 1000 - 5400 })

        const error = yield* Effect.flip(login({ openid: { maxAge: "1 hour" } }))

        assert.strictEqual(OpenId.ruleOf(error), "auth_time")
        yield* login({ openid: { maxAge: "2 hours" } })
      })
    ))

  it.effect("checks the class of authentication that was needed, and not the one wished for [OIDC-3.1.3.7-n]", () =>
    opened(() =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login({ openid: { acr: ["phr"] } }))
        const wished = yield* login({ openid: { preferredAcr: ["phr"] } })

        assert.strictEqual(OpenId.ruleOf(error), "acr")
        assert.isTrue(Option.isSome(wished.identity))
      })
    ))

  it.effect("fails while the server's keys are out of reach, and may be begun again", () =>
    opened(() =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.inject(Fault.unavailable(), { endpoint: "jwks" })

        const error = yield* Effect.flip(login())

        assert.strictEqual(error.reason._tag, "ServerUnavailable")
        assert.isTrue((yield* server.families)[0]?.revoked)
        yield* TestClock.adjust("3 seconds")
        assert.isTrue(Option.isSome((yield* login()).identity))
      })
    ))

  it.effect("refuses somebody else for an account that has a grant", () =>
    opened(() =>
      Effect.gen(function*() {
        const { key } = yield* login()

        const { answer, logins } = yield* answered({}, { subject: "user-2" })
        const error = yield* Effect.flip(logins.complete(answer))

        assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.field, "sub")
        assert.strictEqual((yield* body(key)).subject, "user-1")
      })
    ))
})

describe("a renewal with a verifier", () => {
  it.effect("goes on with an ID token of the same login [OIDC-12.2-a] [OIDC-12.2-b] [OIDC-12.2-c]", () =>
    opened(() =>
      Effect.gen(function*() {
        const { key } = yield* login()
        const before = yield* body(key)
        yield* TestClock.adjust("10 minutes")

        yield* refresh(key)

        const after = yield* record(key)
        assert.strictEqual(after.state._tag, "Active")
        assert.strictEqual(after.serial, 2)
        assert.deepStrictEqual((yield* body(key)).identity, before.identity)
      })
    ))

  it.effect("authenticates as the login did [OIDC-12.1-a]", () =>
    opened(() =>
      Effect.gen(function*() {
        const { key } = yield* login()

        yield* refresh(key)

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const requests = (yield* server.exchanges).filter(({ endpoint }) => endpoint === "token")
        const [first, second] = requests.map(({ headers }) => headers["authorization"])
        assert.lengthOf(requests, 2)
        assert.match(first ?? "", /^Basic /)
        assert.strictEqual(second, first)
      })
    ))

  it.effect("goes on without an ID token, and keeps what the login said [OIDC-12.2-d]", () =>
    opened(() =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const { key } = yield* login()
        const { identity } = yield* body(key)
        yield* server.inject(Fault.without("id_token"))

        yield* refresh(key)

        assert.strictEqual((yield* record(key)).serial, 2)
        assert.isDefined(identity)
        assert.deepStrictEqual((yield* body(key)).identity, identity)
      })
    ))

  const strangers: ReadonlyArray<readonly [title: string, changes: OpenId.Claims]> = [
    ["another subject [OIDC-12.2-a] [D08]", { sub: "user-2" }],
    ["another issuer [OIDC-12.2-a] [D08]", { iss: "https://other.test" }],
    ["another audience [OIDC-12.2-b] [D08]", { aud: "other" }]
  ]
  for (const [title, changes] of strangers) {
    it.effect(`ends the grant and keeps the pair when the ID token has ${title}`, () =>
      opened(({ change }) =>
        Effect.gen(function*() {
          const { key } = yield* login()
          change(changes)

          const error = yield* Effect.flip(refresh(key))

          assert.strictEqual(error.reason._tag === "ReauthorizationRequired" && error.reason.why, "IdentityMismatch")
          assert.strictEqual((yield* record(key)).state._tag, "ReauthorizationRequired")
          assert.isTrue(yield* hasNewest(key))
        })
      ))
  }

  const wrong: ReadonlyArray<readonly [title: string, rule: string, changes: OpenId.Claims]> = [
    ["another nonce [OIDC-12.2-c] [D08]", "nonce", { nonce: "another" }],
    ["another time of the sign-in [OIDC-12.2-b]", "auth_time", { auth_time: 1 }],
    ["a digest of another access token", "at_hash", { at_hash: "AAAAAAAAAAAAAAAAAAAAAA" }],
    ["an end that has passed", "exp", { exp: 1 }]
  ]
  for (const [title, rule, changes] of wrong) {
    it.effect(`releases nothing and loses nothing when the ID token has ${title}`, () =>
      opened(({ change }) =>
        Effect.gen(function*() {
          const { key } = yield* login()
          const { accessTokens } = yield* body(key)
          change(changes)

          const error = yield* Effect.flip(refresh(key))

          const kept = yield* body(key)
          assert.strictEqual(OpenId.ruleOf(error), rule)
          assert.deepStrictEqual(kept.accessTokens, accessTokens)
          assert.strictEqual(kept.quarantined?.problem, "JwtInvalid")
          assert.isTrue(yield* hasNewest(key))

          change({})
          yield* TestClock.adjust("2 minutes")
          yield* refresh(key)
          assert.strictEqual((yield* record(key)).state._tag, "Active")
        })
      ))
  }

  it.effect("goes on while the server's keys are out of reach", () =>
    opened(() =>
      Effect.gen(function*() {
        const { key } = yield* login()
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.injectBy(({ endpoint }) => endpoint === "jwks" ? Fault.connectionRefused : undefined)
        yield* TestClock.adjust("2 hours")

        yield* refresh(key)

        assert.strictEqual((yield* record(key)).state._tag, "Active")
        assert.isTrue((yield* server.exchanges).some(({ endpoint, number }) => endpoint === "jwks" && number > 2))
      })
    ))

  it.effect("saves its pair when the process ends, though the server's keys do not come", () =>
    Effect.gen(function*() {
      const store = yield* Effect.provide(TokenStore.TokenStore, TokenStore.layerMemory)
      const scope = yield* Scope.make()
      const { layer } = yield* world({}, Layer.succeed(TokenStore.TokenStore, store))
      const context = yield* Layer.buildWithScope(layer, scope)

      const { key } = yield* Effect.provideContext(login(), context)
      yield* TestClock.adjust("2 hours")
      yield* Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.injectBy(({ endpoint }) => endpoint === "jwks" ? Fault.answerLost("silence") : undefined)
        yield* Effect.forkDetach(Effect.exit(refresh(key)), { startImmediately: true })
        // the token's signature is made in real time
        yield* Effect.yieldNow.pipe(
          Effect.andThen(server.exchanges),
          Effect.repeat({ until: (all) => all.filter(({ endpoint }) => endpoint === "jwks").length === 2 })
        )
      }).pipe(Effect.provideContext(context))
      yield* Scope.close(scope, Exit.void)

      const { grant } = yield* store.read(key)
      assert.strictEqual(grant?.serial, 2)
      assert.strictEqual(grant?.state._tag, "Active")
    }))
})

describe("without a verifier", () => {
  it.effect("an ID token tells nothing, and its claims are not handed out", () =>
    opened(() =>
      Effect.gen(function*() {
        const completed = yield* login()

        assert.isTrue(Option.isNone(completed.identity))
        assert.isTrue(Option.isNone(completed.idToken))
        assert.isUndefined((yield* body(completed.key)).identity)
      }), { verifier: "none" }))

  it.effect("a renewal for another subject ends the grant all the same [OIDC-12.2-a]", () =>
    opened(({ change }) =>
      Effect.gen(function*() {
        const { key } = yield* login()
        change({ sub: "user-2" })

        const error = yield* Effect.flip(refresh(key))

        assert.strictEqual(error.reason._tag === "ReauthorizationRequired" && error.reason.why, "IdentityMismatch")
      }), { verifier: "none" }))
})

interface Options extends TestAuthorizationServer.Options {
  readonly verifier?: "none"
}

/** A whole client over a server that signs ID tokens, whose claims `change` alters from then on. */
const world = Effect.fnUntraced(function*(
  { verifier, ...options }: Options,
  store: Layer.Layer<TokenStore.TokenStore> = TokenStore.layerMemory
) {
  yield* TestClock.setTime(OpenId.start)
  const signer = yield* TestSigner.make()
  let changes: OpenId.Claims = {}
  const openid = {
    signer,
    claims: (claims: Readonly<Record<string, Schema.Json>>) => JSON.parse(JSON.stringify({ ...claims, ...changes }))
  }
  const services = Login.layerWith.pipe(
    Layer.provideMerge(TokenService.layerWith()),
    Layer.provideMerge(Layer.mergeAll(
      store,
      PendingAuthorizations.layerMemory(),
      PushedAuthorization.layer,
      TokenEndpoint.layer,
      Revocation.layer
    ))
  )
  const verified = Layer.provide(services, Layer.provide(IdToken.layer(), Jwks.layer()))
  return {
    change: (claims: OpenId.Claims) => {
      changes = claims
    },
    layer: (verifier === "none" ? services : verified).pipe(
      Layer.provideMerge(TestAuthorizationServer.layer({ ...options, openid })),
      Layer.provideMerge(TestCrypto.layer())
    )
  }
})

type World = Effect.Success<ReturnType<typeof world>>

const opened = <A, E>(
  run: (world: World) => Effect.Effect<A, E, Layer.Success<World["layer"]>>,
  options: Options = {}
) => Effect.flatMap(world(options), (world) => Effect.provide(run(world), world.layer))

const answered = Effect.fnUntraced(function*(
  options: Partial<Login.Options> = {},
  decision?: TestAuthorizationServer.Decision
) {
  const logins = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const begun = yield* logins.begin({
    account: "ada",
    redirectUri: "https://app.test/callback",
    scopes: ["openid", "read"],
    ...options
  })
  return { logins, answer: yield* Effect.orDie(server.authorize(begun.url, decision)) }
})

const login = (options?: Partial<Login.Options>) =>
  Effect.flatMap(answered(options), ({ answer, logins }) => logins.complete(answer))

const refresh = (key: GrantKey.GrantKey) => Effect.flatMap(TokenService.TokenService, (service) => service.refresh(key))

const record = Effect.fnUntraced(function*(key: GrantKey.GrantKey) {
  const store = yield* TokenStore.TokenStore
  const { grant } = yield* store.read(key)
  if (grant === undefined) throw new Error("There is no record")
  return grant
})

const body = (key: GrantKey.GrantKey) => Effect.map(record(key), (grant) => grant.body as Grant.Open)

/** Whether the record holds the refresh token that the server accepts. */
const hasNewest = Effect.fnUntraced(function*(key: GrantKey.GrantKey) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const { quarantined, refreshToken } = yield* body(key)
  const newest = (yield* server.families)[0]?.refreshToken
  return newest !== undefined &&
    Redacted.value(newest) === Redacted.value(quarantined?.refreshToken ?? refreshToken ?? Redacted.make(""))
})
