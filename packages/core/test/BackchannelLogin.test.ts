import {
  AuthorizationServer,
  BackchannelAuthentication,
  BackchannelLogin,
  BackchannelNotifications,
  ClientAuthentication,
  type GrantKey,
  Login,
  type OAuthError,
  PendingAuthorizations,
  PushedAuthorization,
  Revocation,
  TokenEndpoint,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import * as AuthorizationRequest from "@effect-oauth/core/AuthorizationRequest"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Option, Redacted, type Result, Schema } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { createHash } from "node:crypto"
import { json, type Recorded, recording } from "./support/http.ts"
import { canary } from "./support/secrets.ts"

describe("BackchannelLogin", () => {
  describe("a client that asks", () => {
    it.effect("keeps a grant when the person has agreed", () =>
      Effect.gen(function*() {
        const { login, service } = yield* services
        const begun = yield* login.begin({ ...ada, context: { from: "till 7" } })
        const waiting = yield* Effect.forkChild(login.complete(begun))

        yield* TestClock.adjust("5 seconds")
        const completed = yield* Fiber.join(waiting)

        assert.strictEqual(Redacted.value((yield* service.token(completed.key)).value), "at1")
        assert.deepStrictEqual([completed.key.account, completed.renewable], ["ada", true])
        assert.deepStrictEqual(Option.getOrThrow(completed.context), { from: "till 7" })
      }).pipe(Effect.provide(application("poll").layer)))

    it.effect("asks once for all who wait, and goes on when they leave [CIBA-10.1-a]", () => {
      const { layer, requests } = application("poll")
      return Effect.gen(function*() {
        const { login, service } = yield* services
        const begun = yield* login.begin(ada)
        const first = yield* Effect.forkChild(login.complete(begun))
        const second = yield* Effect.forkChild(login.complete(begun))
        yield* TestClock.adjust("1 second")

        yield* Fiber.interrupt(first)
        yield* TestClock.adjust("5 seconds")
        yield* Fiber.join(second)

        assert.strictEqual(requests.filter(({ url }) => url.endsWith("/token")).length, 1)
        assert.isTrue(Option.isSome(yield* service.status(begun.key)))
      }).pipe(Effect.provide(layer))
    })

    it.effect("is told of a person who declines", () =>
      Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)
        const waiting = yield* Effect.forkChild(Effect.flip(login.complete(begun)))

        yield* TestClock.adjust("5 seconds")

        assert.strictEqual(words(yield* Fiber.join(waiting)), "AuthorizationRefused access_denied")
      }).pipe(Effect.provide(
        application("poll", { token: () => json({ error: "access_denied" }, { status: 400 }) }).layer
      )))

    it.effect("takes no notification", () =>
      Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)

        assert.strictEqual((yield* notify(begun, "anything")).status, 401)
      }).pipe(Effect.provide(application("poll").layer)))

    it.effect("keeps the person's secret nowhere [CIBA-7.1.2-a]", () => {
      const puts: Array<unknown> = []
      const { layer, requests } = application("ping", { puts })
      return Effect.gen(function*() {
        const { login } = yield* services

        const begun = yield* login.begin({ ...ada, userCode: Redacted.make(canary) })

        assert.include(requests[0]?.body, canary)
        assert.notInclude(JSON.stringify([puts, begun]), canary)
        assert.lengthOf(puts, 1)
      }).pipe(Effect.provide(layer))
    })
  })

  describe("a client that is told to ask", () => {
    it.effect("asks when it is told, and answers before it has [CIBA-10.2-a] [CIBA-10.2-b] [CIBA-10.2-c]", () => {
      const { layer, requests, token } = application("ping")
      return Effect.gen(function*() {
        const { login, service } = yield* services
        const begun = yield* login.begin(ada)
        const waiting = yield* Effect.forkChild(login.complete(begun))
        yield* TestClock.adjust("30 seconds")
        const before = requests.length

        const { status } = yield* notify(begun, token())
        const completed = yield* Fiber.join(waiting)

        assert.deepStrictEqual([status, before, requests.length], [204, 1, 2])
        assert.strictEqual(Redacted.value((yield* service.token(completed.key)).value), "at1")
      }).pipe(Effect.provide(layer))
    })

    it.effect("tells the application of a login that nobody waits for", () => {
      const outcomes: Array<Outcome> = []
      const { layer, token } = application("ping", { outcomes })
      return Effect.gen(function*() {
        const { login, service } = yield* services
        const begun = yield* login.begin(ada)

        yield* notify(begun, token())
        yield* until(() => outcomes.length > 0)

        assert.isTrue(Option.isSome(yield* service.status(begun.key)))
        assert.deepStrictEqual(outcomes.map((outcome) => outcome._tag), ["Success"])
      }).pipe(Effect.provide(layer))
    })

    const refusals: Record<string, (token: string) => { readonly authorization?: string; readonly body?: object }> = {
      "another token": () => ({ authorization: "Bearer another" }),
      "no token": () => ({}),
      "the token by another scheme": (token) => ({ authorization: `Basic ${token}` }),
      "the token with something behind it": (token) => ({ authorization: `Bearer ${token}x` }),
      "the token for another request": (token) => ({
        authorization: `Bearer ${token}`,
        body: { auth_req_id: "another" }
      })
    }
    for (const [name, make] of Object.entries(refusals)) {
      it.effect(`answers 401, asks nothing and goes on waiting: ${name} [CIBA-10.2-a] [CIBA-10.2-b]`, () => {
        const { layer, requests, token } = application("ping")
        return Effect.gen(function*() {
          const { login } = yield* services
          const begun = yield* login.begin(ada)
          const { authorization, body } = make(token())

          const wrong = yield* settle(post({ authorization, body: body ?? { auth_req_id: "ari" } }))
          const sent = requests.length
          const right = yield* notify(begun, token())

          assert.deepStrictEqual([wrong.status, sent, right.status], [401, 1, 204])
          assert.strictEqual(wrong.body, "")
        }).pipe(Effect.provide(layer))
      })
    }

    it.effect("takes a notification once", () => {
      const { layer, requests, token } = application("ping")
      return Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)

        const first = yield* notify(begun, token())
        const second = yield* settle(notify(begun, token()))
        yield* login.complete(begun)

        assert.deepStrictEqual([first.status, second.status, requests.length], [204, 401, 2])
      }).pipe(Effect.provide(layer))
    })

    for (
      const [name, request] of Object.entries({
        "a form": { contentType: "application/x-www-form-urlencoded", text: "auth_req_id=ari" },
        "half an object": { text: "{" },
        "a list": { text: "[]" },
        "no auth_req_id": { text: "{}" },
        "a number": { text: "{\"auth_req_id\":1}" },
        "a body without end": { text: JSON.stringify({ auth_req_id: "a".repeat(200_000) }) }
      })
    ) {
      it.effect(`answers 400: ${name}`, () => {
        const { layer, token } = application("ping")
        return Effect.gen(function*() {
          yield* (yield* services).login.begin(ada)

          const { status } = yield* post({ authorization: `Bearer ${token()}`, ...request })

          assert.strictEqual(status, 400)
        }).pipe(Effect.provide(layer))
      })
    }

    it.effect("asks in the last seconds where nobody told it", () => {
      const { layer } = application("ping")
      return Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)
        const waiting = yield* Effect.forkChild(login.complete(begun))

        yield* TestClock.adjust("116 seconds")

        assert.strictEqual((yield* Fiber.join(waiting)).key.id, begun.key.id)
      }).pipe(Effect.provide(layer))
    })

    it.effect("completes a login that another process began", () => {
      const shared = Layer.mergeAll(TokenStore.layerMemory, PendingAuthorizations.layerMemory())
      const app = application("ping", { custody: Layer.empty })
      return Effect.gen(function*() {
        const begun = yield* Effect.provide(Effect.flatMap(services, ({ login }) => login.begin(ada)), app.layer, {
          local: true
        })

        yield* Effect.provide(
          Effect.gen(function*() {
            const { service } = yield* services
            yield* notify(begun, app.token())
            yield* Effect.repeat(Effect.andThen(turn, service.status(begun.key)), { until: Option.isSome })
            assert.strictEqual(Redacted.value((yield* service.token(begun.key)).value), "at1")
          }),
          app.layer,
          { local: true }
        )
      }).pipe(Effect.provide(shared))
    })

    it.effect("is no login of a browser's: no answer at a redirect URI completes it", () => {
      const { layer } = application("ping")
      return Effect.gen(function*() {
        const { login } = yield* services
        yield* login.begin(ada)
        const browser = yield* Login.Login

        const error = yield* Effect.flip(browser.complete("https://app.example/cb?state=ari&code=stolen"))

        assert.strictEqual(words(error), "CallbackRejected no-pending-authorization")
      }).pipe(Effect.provide(layer))
    })
  })

  describe("a client that is brought its tokens", () => {
    it.effect("keeps them when their ID token is for this request and for them [CIBA-10.3.1-a] [CIBA-11-a]", () =>
      Effect.gen(function*() {
        const { outcome, requests, status } = yield* pushed({})

        assert.deepStrictEqual([status, outcome], [204, "kept at1"])
        assert.isFalse(requests.some(({ url }) => url.endsWith("/token")))
      }))

    const broken: Record<string, readonly [rule: string, changes: Parameters<typeof pushed>[0]]> = {
      "an ID token for another request": ["auth_req_id", { claims: { [`${urn}auth_req_id`]: "another" } }],
      "an ID token for no request": ["auth_req_id", { claims: { [`${urn}auth_req_id`]: undefined } }],
      "an ID token for another access token": ["at_hash", { claims: { at_hash: hash("another") } }],
      "an ID token for no access token": ["at_hash", { claims: { at_hash: undefined } }],
      "an ID token for another refresh token": ["rt_hash", { claims: { [`${urn}rt_hash`]: hash("another") } }],
      "an ID token for no refresh token": ["rt_hash", { claims: { [`${urn}rt_hash`]: undefined } }],
      "an ID token for somebody else's client": ["aud", { claims: { aud: "another" } }],
      "an ID token that has ended": ["exp", { claims: { exp: 1 } }],
      "an ID token of another signer": ["signature", { forged: true }]
    }
    for (const [name, [rule, changes]] of Object.entries(broken)) {
      it.effect(`keeps nothing: ${name} [CIBA-10.3.1-a]`, () =>
        Effect.gen(function*() {
          const { outcome } = yield* pushed(changes)

          assert.strictEqual(outcome, `JwtInvalid ${rule}`)
        }))
    }

    it.effect("keeps nothing without an ID token [CIBA-10.3.1-a]", () =>
      Effect.gen(function*() {
        const { outcome } = yield* pushed({ body: { id_token: undefined } })

        assert.strictEqual(outcome, "ResponseInvalid missing id_token")
      }))

    it.effect("is told what the server says instead of tokens [CIBA-12-a]", () =>
      Effect.gen(function*() {
        const body = { access_token: undefined, id_token: undefined, refresh_token: undefined }
        const { outcome, status } = yield* pushed({ body: { ...body, error: "transaction_failed" } })

        assert.deepStrictEqual([status, outcome], [204, "AuthorizationRefused transaction_failed"])
      }))

    it.effect("is told of something that is neither", () =>
      Effect.gen(function*() {
        const { outcome } = yield* pushed({ body: { access_token: 1 } })

        assert.strictEqual(outcome, "ResponseInvalid wrong-type access_token")
      }))

    it.effect("needs what verifies the ID token", () =>
      Effect.gen(function*() {
        const { layer } = application("push")

        const error = yield* Effect.flip(Effect.provide(services, layer))

        assert.deepInclude(error._tag === "OAuthError" ? error.reason : error, {
          _tag: "ConfigurationInvalid",
          field: "JwtVerifier"
        })
      }))

    it.effect("waits no longer than the request lives", () =>
      Effect.gen(function*() {
        const signer = yield* TestSigner.make()
        const { layer } = application("push", { signer })
        const waiting = yield* Effect.flatMap(services, ({ login }) => Effect.flatMap(login.begin(ada), login.complete))
          .pipe(Effect.flip, Effect.provide(layer), Effect.forkChild)

        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        yield* TestClock.adjust("121 seconds")
        const error = yield* Fiber.join(waiting)

        assert.strictEqual(words(error), "AuthorizationRefused expired_token")
      }))
  })
})

const urn = "urn:openid:params:jwt:claim:"

const ada = { account: "ada", loginHint: "ada", scopes: ["openid"] }

type Outcome = Result.Result<BackchannelLogin.Completed, OAuthError.OAuthError>

const services = Effect.all({ login: BackchannelLogin.BackchannelLogin, service: TokenService.TokenService })

interface Options {
  readonly token?: (request: Recorded) => Response
  /** Gets what is kept of logins that wait, in clear. */
  readonly puts?: Array<unknown>
  readonly outcomes?: Array<Outcome>
  readonly signer?: TestSigner.TestSigner
  readonly custody?: Layer.Layer<never>
}

const issuer = "https://as.example"

const application = (mode: BackchannelAuthentication.Delivery["mode"], options: Options = {}) => {
  let count = 0
  const { outcomes, puts, signer } = options
  const http = recording((request) =>
    request.url.endsWith("/jwks") && signer !== undefined
      ? Effect.map(signer.jwks, (set) => json(set))
      : Effect.sync(() =>
        request.url.endsWith("/ciba")
          ? json({ auth_req_id: "ari", expires_in: 120 })
          : request.url.endsWith("/token")
          ? options.token?.(request) ??
            json({ access_token: `at${++count}`, token_type: "Bearer", refresh_token: "rt", expires_in: 3600 })
          : new Response("", { status: 404 })
      )
  )
  const pendings = puts === undefined
    ? PendingAuthorizations.layerMemory()
    : Layer.effect(
      PendingAuthorizations.PendingAuthorizations,
      Effect.map(PendingAuthorizations.PendingAuthorizations, (service) => ({
        ...service,
        put: (pending, timeToLive) => {
          puts.push(Schema.encodeSync(AuthorizationRequest.PendingAuthorization)(pending))
          return service.put(pending, timeToLive)
        }
      }))
    ).pipe(Layer.provide(PendingAuthorizations.layerMemory()))
  const provider = Layer.mergeAll(
    http.layer,
    ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s3cret") }),
    AuthorizationServer.layer(AuthorizationServer.make({
      provider: "acme",
      issuer,
      authorizationEndpoint: `${issuer}/authorize`,
      tokenEndpoint: `${issuer}/token`,
      jwksUri: `${issuer}/jwks`,
      backchannelAuthenticationEndpoint: `${issuer}/ciba`
    }))
  )
  const verifier = signer === undefined
    ? Layer.empty
    : Layer.provide(IdToken.layer({ algorithms: ["ES256"] }), Jwks.layer())
  const layer = Layer.mergeAll(
    Login.layer,
    BackchannelLogin.layer({
      completed: (outcome) =>
        Effect.sync(() => {
          outcomes?.push(outcome)
        })
    })
  ).pipe(
    Layer.provide(BackchannelAuthentication.layer(
      mode === "poll" ? { mode } : { mode, notificationEndpoint: "https://app.example/ciba" }
    )),
    Layer.provideMerge(TokenService.layer()),
    Layer.provide([TokenEndpoint.layer, Revocation.layer, PushedAuthorization.layer]),
    Layer.provide(verifier),
    Layer.provide(provider),
    Layer.provide(options.custody === undefined ? Layer.mergeAll(TokenStore.layerMemory, pendings) : Layer.empty)
  ) as Layer.Layer<
    BackchannelLogin.BackchannelLogin | Login.Login | TokenService.TokenService,
    OAuthError.OAuthError
  >
  return {
    layer,
    requests: http.requests,
    /** What the server was given to call with. */
    token: () => new URLSearchParams(http.requests[0]?.body).get("client_notification_token") ?? ""
  }
}

interface Post {
  readonly authorization?: string | undefined
  readonly body?: object
  readonly text?: string
  readonly contentType?: string
}

/** Calls the route as a server does. */
const post = Effect.fnUntraced(function*({ authorization, body, contentType = "application/json", text }: Post) {
  const login = yield* BackchannelLogin.BackchannelLogin
  const handle = yield* HttpRouter.toHttpEffect(
    Layer.provide(
      BackchannelNotifications.layer({ path: "/ciba" }),
      Layer.succeed(BackchannelLogin.BackchannelLogin, login)
    )
  )
  const request = HttpServerRequest.fromWeb(
    new Request("https://app.example/ciba", {
      method: "POST",
      headers: { "content-type": contentType, ...(authorization === undefined ? {} : { authorization }) },
      body: text ?? JSON.stringify(body)
    })
  )
  const answer = yield* Effect.orDie(Effect.provideService(handle, HttpServerRequest.HttpServerRequest, request))
  const response = HttpServerResponse.toWeb(answer)
  return { status: response.status, body: yield* Effect.promise(() => response.text()) }
}, Effect.scoped)

/** Lets what WebCrypto has under way come to its end. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

const until = (condition: () => boolean) => Effect.repeat(Effect.map(turn, condition), { until: (met) => met })

/** For what looks twice with a pause between. */
const settle = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    let exit = fiber.pollUnsafe()
    while (exit === undefined) {
      yield* turn
      yield* TestClock.adjust("250 millis")
      exit = fiber.pollUnsafe()
    }
    return yield* Fiber.join(fiber)
  })

const notify = (begun: { readonly key: GrantKey.GrantKey; readonly authReqId: Redacted.Redacted }, token: string) =>
  settle(post({ authorization: `Bearer ${token}`, body: { auth_req_id: Redacted.value(begun.authReqId) } }))

function hash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url")
}

/** A push whose ID token is good but for the changes, and what became of it. */
const pushed = Effect.fnUntraced(function*(changes: {
  readonly claims?: Readonly<Record<string, string | number | undefined>>
  readonly body?: Readonly<Record<string, string | number | undefined>>
  readonly forged?: boolean
}) {
  yield* TestClock.setTime(Date.UTC(2030, 0, 1))
  const iat = Date.UTC(2030, 0, 1) / 1000
  const signer = yield* TestSigner.make()
  const claims = {
    iss: issuer,
    sub: "user-1",
    aud: "app",
    iat,
    exp: iat + 300,
    at_hash: hash("at1"),
    [`${urn}auth_req_id`]: "ari",
    [`${urn}rt_hash`]: hash("rt1"),
    ...changes.claims
  }
  const stranger = yield* TestSigner.make()
  const idToken = yield* (changes.forged === true ? stranger : signer).sign(JSON.parse(JSON.stringify(claims)))
  const app = application("push", { signer })
  return yield* Effect.gen(function*() {
    const { login, service } = yield* services
    const begun = yield* login.begin(ada)
    const waiting = yield* Effect.forkChild(Effect.exit(login.complete(begun)))
    const { status } = yield* settle(post({
      authorization: `Bearer ${app.token()}`,
      body: {
        auth_req_id: "ari",
        access_token: "at1",
        token_type: "Bearer",
        refresh_token: "rt1",
        expires_in: 3600,
        id_token: idToken,
        ...changes.body
      }
    }))
    const exit = yield* Fiber.join(waiting)
    const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
    const kept = Option.isSome(yield* service.status(begun.key))
    const outcome = error === undefined
      ? `kept ${Redacted.value((yield* service.token(begun.key)).value)}`
      : kept
      ? "kept what it should not"
      : words(error)
    return { status, outcome, requests: app.requests }
  }).pipe(Effect.provide(app.layer))
})

const words = ({ reason }: OAuthError.OAuthError): string =>
  [
    reason._tag,
    "problem" in reason ? reason.problem : undefined,
    "field" in reason ? reason.field : undefined,
    "rule" in reason ? reason.rule : undefined,
    "code" in reason ? String(reason.code) : undefined
  ].filter((word) => word !== undefined).join(" ")
