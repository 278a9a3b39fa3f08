/** Renewals that a server, another process or a caller tries to break. */
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  RotationPolicy,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { Fault, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { FetchHttpClient, HttpBody } from "effect/http"
import { TestClock } from "effect/testing"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"
import { until } from "./support/until.ts"

describe("a renewal", () => {
  it.live("is one, though fifty callers find the token ended at once [D01]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => [...Server.wait(50), ...Server.tokens()])

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)

        const got = yield* Effect.all(Array.from({ length: 50 }, () => service.token(key)), {
          concurrency: "unbounded"
        })

        assert.deepStrictEqual(new Set(got.map(({ value }) => Redacted.value(value))), new Set(["at"]))
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.live("is one, though five services over one store find the token ended at once [D01]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => [...Server.wait(50), ...Server.tokens()])
      const nodes = yield* nodesOf(server.origin, 5)
      const { key } = yield* Effect.provideContext(Client.adopted(ended), nodes[0]!)

      const got = yield* Effect.forEach(
        nodes,
        (node) =>
          Effect.all(Array.from({ length: 10 }, () => Context.get(node, TokenService.TokenService).token(key)), {
            concurrency: "unbounded"
          }),
        { concurrency: "unbounded" }
      )

      assert.deepStrictEqual(new Set(got.flat().map(({ value }) => Redacted.value(value))), new Set(["at"]))
      assert.lengthOf(server.received, 1)
    }))

  it.live("that the server refuses is checked against the store: another's newer pair is used [D02]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => [...Server.wait(300), ...Server.refusal("invalid_grant")])
      const [one, other] = yield* nodesOf(server.origin, 2)
      const { key } = yield* Effect.provideContext(Client.adopted(ended), one!)
      const renewing = yield* Effect.forkChild(Context.get(one!, TokenService.TokenService).token(key))
      yield* until(() => server.received.length === 1)

      yield* Effect.provideContext(
        Client.adopted({ accessToken: Redacted.make("at-other"), expiresIn: Duration.hours(1) }),
        other!
      )

      assert.strictEqual(Redacted.value((yield* Fiber.join(renewing)).value), "at-other")
      const status = Option.getOrThrow(yield* Context.get(one!, TokenService.TokenService).status(key))
      assert.strictEqual(status.state._tag, "Active")
    }))

  it.live("that the server refuses ends the grant where nobody has followed, and removes no record [D02]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.refusal("invalid_grant"))

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)

        const told = [yield* Client.outcome(service.token(key)), yield* Client.outcome(service.token(key))]

        const { state } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual(told, ["ReauthorizationRequired GrantRejected", "ReauthorizationRequired GrantRejected"])
        assert.strictEqual(state._tag, "ReauthorizationRequired")
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.live("whose answer is lost is presented again at once where the server keeps its refresh tokens [D03]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((_, nth) => nth === 1 ? Server.reset : Server.tokens())

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)

        assert.strictEqual(Redacted.value((yield* service.token(key)).value), "at")
        assert.deepStrictEqual(server.received.map(({ form }) => form.get("refresh_token")), ["rt-first", "rt-first"])
      }).pipe(Effect.provide(Client.layer(server.origin, { server: { rotation: RotationPolicy.fixed } })))
    }))

  it.live("whose answer is lost is not presented again at once where the server may have replaced it [D03]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.reset)

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)

        const told = [yield* Client.outcome(service.token(key)), yield* Client.outcome(service.token(key))]

        const { renewable, state } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual(told, ["AnswerLost reset", "RenewalPending indeterminate"])
        assert.deepStrictEqual([state._tag, renewable], ["Indeterminate", true])
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.effect("whose answer is lost ends the grant only by the server's own word, later [D03]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { key, service } = yield* Client.adopted({ ...(yield* server.issue()), receivedAt: 0 })
      yield* server.inject(Fault.answerLost("reset"))

      const first = yield* Client.outcome(service.refresh(key))
      const after = Option.getOrThrow(yield* service.status(key)).state._tag
      yield* TestClock.adjust("1 hour")
      const fiber = yield* Effect.forkChild(Client.outcome(service.refresh(key)))
      yield* TestClock.adjust("1 minute")
      const second = yield* Fiber.join(fiber)

      assert.deepStrictEqual([first, after, second], [
        "AnswerLost reset",
        "Indeterminate",
        "ReauthorizationRequired RotationLost"
      ])
    }).pipe(Effect.provide(InMemory.layer())))

  it.effect("whose answer is lost goes on where the server honours the token for a while [D03]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { key, service } = yield* Client.adopted({ ...(yield* server.issue()), receivedAt: 0 })
      yield* server.inject(Fault.answerLost("reset"))

      const fiber = yield* Effect.forkChild(Client.outcome(service.refresh(key)))
      yield* TestClock.adjust("20 seconds")

      assert.strictEqual(yield* Fiber.join(fiber), "success")
    }).pipe(Effect.provide(InMemory.layer({
      rotation: RotationPolicy.rotating({ window: { duration: "1 minute", idempotent: true } })
    }))))

  it.live("is saved though its only caller goes away in the middle [D04]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => [...Server.wait(100), ...Server.tokens()])

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)
        const caller = yield* Effect.forkChild(service.token(key))
        yield* until(() => server.received.length === 1)

        yield* Fiber.interrupt(caller)
        const token = yield* service.token(key)

        const status = Option.getOrThrow(yield* service.status(key))
        assert.strictEqual(Redacted.value(token.value), "at")
        assert.strictEqual(status.serial, 2)
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  for (const refreshToken of [undefined, null]) {
    it.live(`that brings ${refreshToken === null ? "null" : "no refresh token"} keeps the one it had [D05]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen((_, nth) =>
          Server.tokens({ access_token: `at-${nth}`, expires_in: 0, refresh_token: refreshToken })
        )

        yield* Effect.gen(function*() {
          const { key, service } = yield* Client.adopted(ended)
          yield* Effect.exit(service.refresh(key))
          yield* Effect.exit(service.refresh(key))

          assert.deepStrictEqual(server.received.map(({ form }) => form.get("refresh_token")), ["rt-first", "rt-first"])
        }).pipe(Effect.provide(Client.layer(server.origin, { server: { rotation: RotationPolicy.fixed } })))
      }))
  }

  it.live("that brings an empty refresh token is no answer, and ends nothing [D05]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.tokens({ refresh_token: "" }))

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)

        const told = yield* Client.outcome(service.token(key))

        const { renewable, state } = Option.getOrThrow(yield* service.status(key))
        assert.strictEqual(told, "ResponseInvalid missing refresh_token")
        assert.deepStrictEqual([renewable, state._tag === "ReauthorizationRequired"], [true, false])
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.live("that gives less is taken for what it gives, and not asked again for more [D06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request) =>
        request.target === "/api"
          ? Server.answer(403, { "www-authenticate": `Bearer error="insufficient_scope", scope="write"` })
          : Server.tokens({ scope: "read" })
      )

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted({ ...ended, scopes: ["read", "write"] })
        const api = yield* AuthorizedHttpClient.make(key)

        const told = yield* Client.outcome(api.get(`${server.origin}/api`))
        const again = yield* Client.outcome(api.get(`${server.origin}/api`))

        const { scopes } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual([told, again], [
          "AccessInsufficient insufficient_scope",
          "AccessInsufficient insufficient_scope"
        ])
        assert.deepStrictEqual(scopes, ["read"])
        assert.deepStrictEqual(server.received.map(({ target }) => target), ["/token", "/api", "/api"])
      }).pipe(Effect.provide(Layer.merge(Client.layer(server.origin), FetchHttpClient.layer)))
    }))

  const broken: Readonly<Record<string, readonly [Server.Script, RegExp]>> = {
    "a page with 502": [Server.page(502), /^AnswerLost status$/],
    "a page with 503": [Server.page(503), /^ServerUnavailable$/],
    "a page with 504": [Server.page(504), /^AnswerLost status$/],
    "server_error with 500": [Server.refusal("server_error", 500), /^AnswerLost status$/],
    "invalid_grant with 500": [Server.refusal("invalid_grant", 500), /^AnswerLost status$/],
    "temporarily_unavailable with 400": [Server.refusal("temporarily_unavailable"), /^ServerUnavailable$/]
  }
  for (const [name, [script, expected]] of Object.entries(broken)) {
    it.live(`that is answered by ${name} ends nothing, and the token that lives is served [D07]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => script)

        yield* Effect.gen(function*() {
          const { key, service } = yield* Client.adopted({ expiresIn: Duration.hours(1) })

          const told = yield* Client.outcome(service.refresh(key))
          const token = yield* service.token(key)

          const { renewable, state } = Option.getOrThrow(yield* service.status(key))
          assert.match(told, expected)
          assert.strictEqual(Redacted.value(token.value), "at-first")
          assert.deepStrictEqual([renewable, state._tag === "ReauthorizationRequired"], [true, false])
          assert.isAtMost(server.received.length, 1)
        }).pipe(Effect.provide(Client.layer(server.origin)))
      }))
  }

  it.effect("that fails for an hour is tried ever less often [D07]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { key, service } = yield* Client.adopted({
        ...(yield* server.issue()),
        receivedAt: 0,
        expiresIn: Duration.zero
      })
      yield* server.injectBy(() => Fault.unavailable())

      for (let second = 0; second < 3600; second++) {
        yield* Effect.forkChild(Effect.exit(service.token(key)))
        yield* TestClock.adjust("1 second")
      }

      // 1, 2, 4 … 60 seconds and then one a minute
      assert.isBelow((yield* server.exchanges).length, 75)
      assert.isAbove((yield* server.exchanges).length, 20)
      assert.strictEqual(Option.getOrThrow(yield* service.status(key)).state._tag, "Active")
    }).pipe(Effect.provide(InMemory.layer())))

  const strangers: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, string]>> = {
    "another person": [{ sub: "user-2" }, "ReauthorizationRequired IdentityMismatch"],
    "another issuer": [{ iss: "https://evil.example" }, "ReauthorizationRequired IdentityMismatch"],
    "another client": [{ aud: "evil" }, "ReauthorizationRequired IdentityMismatch"],
    "another login": [{ nonce: "another" }, "JwtInvalid nonce"]
  }
  for (const [name, [claims, expected]] of Object.entries(strangers)) {
    it.live(`whose ID token is for ${name} releases nothing [D08]`, () =>
      Effect.gen(function*() {
        const provider = yield* openIdProvider
        yield* Effect.gen(function*() {
          const { key, service } = yield* provider.login
          provider.change(claims)
          yield* provider.sign

          const told = yield* Client.outcome(service.refresh(key))

          const { state } = Option.getOrThrow(yield* service.status(key))
          assert.strictEqual(told, expected)
          assert.strictEqual(state._tag === "ReauthorizationRequired", expected.startsWith("Reauthorization"))
        }).pipe(Effect.provide(provider.layer))
      }))
  }

  it.live("answers a refusal by the API once, and the second refusal is the API's answer [D09]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request, nth) =>
        request.target === "/api"
          ? Server.answer(
            401,
            { "www-authenticate": `Bearer error="invalid_token"`, "content-type": "text/plain" },
            `no ${nth}`
          )
          : Server.tokens({ access_token: `at-${nth}` })
      )

      yield* Effect.gen(function*() {
        const { key } = yield* Client.adopted({ expiresIn: Duration.hours(1) })
        const api = yield* AuthorizedHttpClient.make(key)

        const response = yield* api.get(`${server.origin}/api`)

        assert.deepStrictEqual([response.status, yield* response.text], [401, "no 3"])
        assert.deepStrictEqual(server.received.map(({ headers, target }) => [target, headers["authorization"]]), [
          ["/api", "Bearer at-first"],
          ["/token", undefined],
          ["/api", "Bearer at-2"]
        ])
      }).pipe(Effect.provide(Layer.merge(Client.layer(server.origin), FetchHttpClient.layer)))
    }))

  it.live("does not follow each refusal of an API that refuses for ever [D09]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request) =>
        request.target === "/api" ? Server.answer(401, {}) : Server.tokens()
      )

      yield* Effect.gen(function*() {
        const { key } = yield* Client.adopted({ expiresIn: Duration.hours(1) })
        const api = yield* AuthorizedHttpClient.make(key)

        yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.exit(api.get(`${server.origin}/api`)))

        assert.lengthOf(server.received.filter(({ target }) => target === "/token"), 1)
      }).pipe(Effect.provide(Layer.merge(Client.layer(server.origin), FetchHttpClient.layer)))
    }))

  it.live("is no reason to send a body again that can be sent once only [D09]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen((request) =>
        request.target === "/api" ? Server.answer(401, {}) : Server.tokens()
      )

      yield* Effect.gen(function*() {
        const { key } = yield* Client.adopted({ expiresIn: Duration.hours(1) })
        const api = yield* AuthorizedHttpClient.make(key)

        const response = yield* api.post(`${server.origin}/api`, {
          body: HttpBody.stream(Stream.make(new TextEncoder().encode("once")))
        })

        assert.strictEqual(response.status, 401)
        assert.lengthOf(server.received.filter(({ target }) => target === "/api"), 1)
      }).pipe(Effect.provide(Layer.merge(Client.layer(server.origin), FetchHttpClient.layer)))
    }))

  for (const [name, jump] of [["back", -1], ["ahead", 1]] as const) {
    it.effect(`is due by how long a token lives, though the clock is set a day ${name} [D10]`, () =>
      Effect.gen(function*() {
        const start = Date.UTC(2030, 0, 10)
        yield* TestClock.setTime(start)
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const { key, service } = yield* Client.adopted({ ...(yield* server.issue()), receivedAt: start })
        yield* service.token(key)

        yield* TestClock.setTime(start + jump * 86_400_000)
        const token = yield* service.token(key)
        const other = yield* service.refused(key, token)

        assert.notStrictEqual(Redacted.value(other.value), Redacted.value(token.value))
        assert.isTrue(yield* server.isLive(other.value))
      }).pipe(Effect.provide(InMemory.layer())))
  }

  it.live("does not believe the server's clock about the lifetime [D10]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() =>
        Server.json({ access_token: "at", token_type: "Bearer", expires_in: 3600 }, {
          headers: { date: "Sun, 01 Jan 2000 00:00:00 GMT" }
        })
      )

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted(ended)
        yield* service.token(key)

        const ends = Option.getOrThrow(Option.getOrThrow(yield* service.status(key)).expiresAt)
        assert.approximately(ends.epochMilliseconds, Date.now() + 3_600_000, 60_000)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))
})

const ended = { expiresIn: Duration.zero }

/** Services of several processes over one store. */
const nodesOf = Effect.fnUntraced(function*(origin: string, count: number) {
  const store = yield* Layer.build(TokenStore.layerMemory)
  return yield* Effect.forEach(
    Array.from({ length: count }),
    () => Layer.build(Layer.fresh(Client.layer(origin, { store: Layer.succeedContext(store) })))
  )
})

/** A provider that signs what it is told to about the person. */
const openIdProvider = Effect.gen(function*() {
  const signer = yield* TestSigner.make()
  const jwks = yield* signer.jwks
  let nonce: string | null = null
  let changes: Readonly<Record<string, unknown>> = {}
  let idToken = ""
  const server = yield* Server.listen((request) =>
    request.target === "/jwks" ? Server.json(jwks) : Server.tokens({ id_token: idToken, expires_in: 0 })
  )
  const sign = Effect.suspend(() => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: server.origin, sub: "user-1", aud: "app", iat, exp: iat + 300, nonce, ...changes }
    return Effect.map(signer.sign(claims as never), (signed) => void (idToken = signed))
  })
  const app = Client.layer(server.origin)
  const layer = IdToken.layer({ algorithms: ["ES256"] }).pipe(
    Layer.provide(Jwks.layer()),
    Layer.provide([
      Client.authorizationServer(server.origin),
      Client.clients["fetch"]!,
      ClientAuthentication.layerNone({ clientId: "app" })
    ]),
    (verifier) => Layer.provide(app, verifier)
  )
  const login = Effect.gen(function*() {
    const begun = yield* Client.begun({ scopes: ["openid"] })
    nonce = new URL(begun.url).searchParams.get("nonce")
    yield* sign
    const { key } = yield* begun.complete({ code: "c" })
    return { key, service: yield* TokenService.TokenService }
  })
  return { layer, login, change: (claims: Readonly<Record<string, unknown>>) => void (changes = claims), sign }
})
