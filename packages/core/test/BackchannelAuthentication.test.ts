import {
  AuthorizationServer,
  BackchannelAuthentication,
  ClientAuthentication,
  OAuthError,
  type Scopes,
  TokenEndpoint
} from "@effect-oauth/core"
import { BackchannelRequest } from "@effect-oauth/core/jose"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Fiber, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import { type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"

const Service = BackchannelAuthentication.BackchannelAuthentication

describe("BackchannelAuthentication", () => {
  describe("start", () => {
    it.effect("posts what is asked for, with the client's authentication [CIBA-7.1-a]", () =>
      Effect.gen(function*() {
        const { requests } = yield* start({
          ...ada,
          bindingMessage: "W4-SQ",
          userCode: Redacted.make("1234"),
          requestedExpiry: "2 minutes",
          acrValues: ["a", "b"],
          parameters: { request_context: "{}" }
        })

        assert.deepStrictEqual(requests, [{
          method: "POST",
          url: "https://as.example/ciba",
          headers: {
            accept: "application/json",
            authorization: `Basic ${btoa("app:s3cret")}`,
            "content-type": "application/x-www-form-urlencoded"
          },
          body: "scope=openid+read&login_hint=ada&binding_message=W4-SQ&user_code=1234&requested_expiry=120" +
            "&acr_values=a+b&request_context=%7B%7D"
        }])
      }))

    it.effect("is for no client that proves nothing [CIBA-7.1-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting(() => Effect.never, {
          authentication: ClientAuthentication.none({ clientId: "app" })
        })

        const error = yield* Effect.flip(Effect.provide(Service.use((_) => _.start(ada)), layer))

        assert.deepInclude(error.reason, { _tag: "ConfigurationInvalid", field: "clientAuthentication" })
        assert.lengthOf(requests, 0)
      }))

    const hints: Record<string, BackchannelAuthentication.Hint> = {
      login_hint: { loginHint: "ada" },
      login_hint_token: { loginHintToken: Redacted.make("ada") },
      id_token_hint: { idTokenHint: Redacted.make("ada") }
    }
    for (const [name, hint] of Object.entries(hints)) {
      it.effect(`says who is meant, in one way: ${name} [CIBA-7.1-b]`, () =>
        Effect.gen(function*() {
          const { requests } = yield* start({ ...hint, scopes: ["openid"] })

          const sent = [...new URLSearchParams(requests[0]?.body).keys()].filter((key) => key.includes("hint"))
          assert.deepStrictEqual(sent, [name])
        }))
    }

    const wrong: Record<string, readonly [object, string]> = {
      "two hints [CIBA-7.1-b]": [{ idTokenHint: Redacted.make("x") }, "loginHint"],
      "no hint [CIBA-7.1-b]": [{ loginHint: undefined }, "loginHint"],
      "an empty hint [CIBA-7.1-b]": [{ loginHint: "" }, "loginHint"],
      "no openid [CIBA-7.1-b]": [{ scopes: ["read"] }, "scopes"],
      "a scope with a space": [{ scopes: ["openid", "a b"] }, "scopes"],
      "an empty binding message [CIBA-7.1-d]": [{ bindingMessage: "" }, "bindingMessage"],
      "a long binding message [CIBA-7.1-d]": [{ bindingMessage: "x".repeat(65) }, "bindingMessage"],
      "a binding message with a line break [CIBA-7.1-d]": [{ bindingMessage: "a\nb" }, "bindingMessage"],
      "a binding message that not every device shows [CIBA-7.1-d]": [{ bindingMessage: "€20" }, "bindingMessage"],
      "half a second": [{ requestedExpiry: "1500 millis" }, "requestedExpiry"],
      "no time at all": [{ requestedExpiry: 0 }, "requestedExpiry"],
      "an acr with a space": [{ acrValues: ["a b"] }, "acrValues"],
      "a parameter of the protocol's": [{ parameters: { client_notification_token: "mine" } }, "parameters"]
    }
    for (const [name, [change, field]] of Object.entries(wrong)) {
      it.effect(`sends nothing: ${name}`, () =>
        Effect.gen(function*() {
          const { layer, requests } = setting(() => Effect.never)
          const options: object = { ...ada, ...change }

          const error = yield* Service.use((_) => _.start(options as BackchannelAuthentication.Options)).pipe(
            Effect.flip,
            Effect.provide(layer)
          )

          assert.deepInclude(error.reason, { _tag: "ConfigurationInvalid", field })
          assert.lengthOf(requests, 0)
        }))
    }

    for (const mode of ["ping", "push"] as const) {
      it.effect(`gives the server a token of its own to call with: ${mode} [CIBA-7.1-c]`, () =>
        Effect.gen(function*() {
          const sent = yield* Effect.forEach([1, 2], () =>
            Effect.map(start(ada, { mode, notificationEndpoint }), ({ requests, started }) => {
              const token = new URLSearchParams(requests[0]?.body).get("client_notification_token") ?? ""
              assert.strictEqual(Redacted.value(started.notificationToken ?? Redacted.make("")), token)
              return token
            }))

          assert.notStrictEqual(sent[0], sent[1])
          // 256 random bits, in the characters of a bearer token
          for (const token of sent) {
            assert.match(token, /^[\w-]{43}$/)
          }
        }))
    }

    it.effect("gives none where nobody calls", () =>
      Effect.gen(function*() {
        const { requests, started } = yield* start(ada)

        assert.isFalse(new URLSearchParams(requests[0]?.body).has("client_notification_token"))
        assert.isUndefined(started.notificationToken)
      }))

    it.effect("takes the answer, and whatever else is in it [CIBA-7.3-b] [CIBA-7.4-a]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(10_000)

        const { started } = yield* start(ada, undefined, { auth_req_id: "a b/ü", interval: 7, unheard_of: [1] })

        assert.deepStrictEqual({ ...started, authReqId: Redacted.value(started.authReqId) }, {
          authReqId: "a b/ü",
          expiresAt: DateTime.makeUnsafe(130_000),
          interval: Duration.seconds(7)
        })
      }))

    for (const interval of [undefined, null, 0, -1, "5"]) {
      it.effect(`waits five seconds where the interval is ${JSON.stringify(interval)} [CIBA-7.3-a]`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(
            (yield* start(ada, undefined, { interval })).started.interval,
            Duration.seconds(5)
          )
        }))
    }

    const answers: Record<string, readonly [object, string]> = {
      "no auth_req_id [CIBA-7.4-a]": [{ auth_req_id: undefined }, "missing auth_req_id"],
      "an empty auth_req_id [CIBA-7.4-a]": [{ auth_req_id: "" }, "missing auth_req_id"],
      "an auth_req_id that is a number [CIBA-7.4-a]": [{ auth_req_id: 1 }, "wrong-type auth_req_id"],
      "no lifetime [CIBA-7.4-a]": [{ expires_in: undefined }, "missing expires_in"],
      "a lifetime that is text [CIBA-7.4-a]": [{ expires_in: "120" }, "wrong-type expires_in"],
      "a lifetime of zero": [{ expires_in: 0 }, "out-of-range expires_in"]
    }
    for (const [name, [change, expected]] of Object.entries(answers)) {
      it.effect(`fails: ${name}`, () =>
        Effect.gen(function*() {
          const { reason } = yield* Effect.flip(start(ada, undefined, change))

          assert.strictEqual(words(reason), `ResponseInvalid ${expected}`)
        }))
    }

    it.effect("hands the server's word on", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.sync(() => json({ error: "unknown_user_id" }, { status: 400 })))

        const { reason } = yield* Effect.flip(Effect.provide(Service.use((_) => _.start(ada)), layer))

        assert.strictEqual(words(reason), "RequestRefused unknown_user_id")
      }))

    it.effect("fails where the server has no such endpoint", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.never, { endpoint: undefined })

        const { reason } = yield* Effect.flip(Effect.provide(Service.use((_) => _.start(ada)), layer))

        assert.deepInclude(reason, { _tag: "ConfigurationInvalid", field: "backchannelAuthenticationEndpoint" })
      }))

    it.effect("shows no secret in what fails", () =>
      Effect.gen(function*() {
        const { layer } = setting(() => Effect.fail({ code: "ECONNRESET" }))

        const error = yield* Service.use((_) =>
          _.start({ scopes: ["openid"], loginHintToken: Redacted.make(canary), userCode: Redacted.make(canary) })
        ).pipe(Effect.flip, Effect.provide(layer))

        assert.deepStrictEqual(leaks(error), [])
      }))
  })

  describe("a signed request", () => {
    it.effect("holds every parameter, for this server, from this client, for a while [CIBA-7.1.1-a]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.UTC(2030, 0, 1))
        const { claims, header } = yield* signed()

        const { jti, client_notification_token: token, ...others } = claims
        const now = Date.UTC(2030, 0, 1) / 1000
        assert.deepStrictEqual(others, {
          iss: "app",
          aud: "https://as.example",
          iat: now,
          nbf: now,
          exp: now + 300,
          scope: "openid read",
          login_hint: "ada",
          binding_message: "W4-SQ"
        })
        assert.match(String(token), /^[\w-]{43}$/)
        assert.match(String(jti), /^[\w-]{32}$/)
        assert.deepStrictEqual(header, { alg: "ES256", kid: "k1" })
      }))

    it.effect("has nothing beside it but how the client authenticates [CIBA-7.1.1-b]", () =>
      Effect.gen(function*() {
        const { body } = yield* signed()

        assert.deepStrictEqual([...body.keys()], ["request", "client_id", "client_secret"])
      }))

    it.effect("is signed with a private key, and never with a secret [CIBA-7.1.1-a]", () =>
      Effect.gen(function*() {
        const key = { sign: () => Effect.succeed(new Uint8Array(32)), algorithm: "HS256" as const }
        const { layer } = setting(() => Effect.never, { signer: BackchannelRequest.layer({ key }) })

        const error = yield* Effect.flip(Effect.provide(Service, layer))

        assert.deepInclude(error.reason, { _tag: "ConfigurationInvalid", field: "algorithm" })
      }))

    it.effect("is not sent where the key that signs cannot be reached, and the failure says which key that is", () =>
      Effect.gen(function*() {
        const unreachable = OAuthError.make(
          "Keys",
          "sign",
          new OAuthError.StoreUnavailable({ store: "kms", problem: "" })
        )
        const key = { sign: () => Effect.fail(unreachable), algorithm: "ES256" as const }
        const { layer } = setting(() => Effect.never, { signer: BackchannelRequest.layer({ key }) })

        const { reason } = yield* Effect.flip(Effect.provide(Service.use((_) => _.start(ada)), layer))

        assert.deepInclude(reason, { _tag: "KeyUnavailable", use: "request-object" })
      }))
  })

  describe("poll", () => {
    it.effect("presents the request by its grant", () =>
      Effect.gen(function*() {
        const { requests } = yield* poll([granted])

        assert.strictEqual(
          requests[0]?.body,
          "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=ari"
        )
      }))

    const schedules: Record<string, readonly [ReadonlyArray<Handler>, ReadonlyArray<number>]> = {
      "waits for the interval before every question, the first too [CIBA-10.1-a]": [
        [refused("authorization_pending"), refused("authorization_pending"), granted],
        [5, 10, 15]
      ],
      "waits five seconds longer from each slow_down on [CIBA-11-a]": [
        [refused("slow_down"), refused("authorization_pending"), refused("slow_down"), granted],
        [5, 15, 25, 40]
      ],
      "backs off from a server that is away": [[lost, refused("authorization_pending"), granted], [5, 15, 20]]
    }
    for (const [name, [handlers, expected]] of Object.entries(schedules)) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const { outcome, times } = yield* poll(handlers)

          assert.strictEqual(outcome, "at")
          assert.deepStrictEqual(times, expected)
        }))
    }

    it.effect("asks one question at a time, however slow the server is [CIBA-10.1-a]", () =>
      Effect.gen(function*() {
        let open = 0
        let most = 0
        const slow: Handler = (request, count) =>
          Effect.suspend(() => {
            most = Math.max(most, ++open)
            const answer = count < 3 ? refused("authorization_pending") : granted
            return Effect.ensuring(
              Effect.delay(answer(request, count), "20 seconds"),
              Effect.sync(() => {
                open--
              })
            )
          })

        const { times } = yield* poll([slow])

        assert.deepStrictEqual([most, times], [1, [5, 30, 55]])
      }))

    it.effect("asks at once where it is told that it is time", () =>
      Effect.gen(function*() {
        const { times } = yield* poll([refused("authorization_pending"), granted], "at-once")

        assert.deepStrictEqual(times, [0, 5])
      }))

    for (const code of ["access_denied", "expired_token"]) {
      it.effect(`ends with ${code}`, () =>
        Effect.gen(function*() {
          const { outcome, times } = yield* poll([refused(code)])

          assert.strictEqual(outcome, `AuthorizationRefused ${code}`)
          assert.lengthOf(times, 1)
        }))
    }

    it.effect("is not for a client that is brought its tokens: nothing is sent [CIBA-11-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting(() => Effect.never, { delivery: { mode: "push", notificationEndpoint } })

        const { reason } = yield* Service.use((_) => _.poll(waiting)).pipe(Effect.flip, Effect.provide(layer))

        assert.deepInclude(reason, { _tag: "ConfigurationInvalid", field: "delivery" })
        assert.lengthOf(requests, 0)
      }))
  })

  describe("registration", () => {
    it("names the mode, the grant and the address as the mode needs them [CIBA-4-a]", () => {
      const of = (delivery: BackchannelAuthentication.Delivery) =>
        Result.getOrThrow(BackchannelAuthentication.registration(delivery))

      assert.deepStrictEqual([
        of({ mode: "poll" }),
        of({ mode: "ping", notificationEndpoint }),
        of({ mode: "push", notificationEndpoint })
      ], [
        { grant_types: [BackchannelAuthentication.grantType], backchannel_token_delivery_mode: "poll" },
        {
          grant_types: [BackchannelAuthentication.grantType],
          backchannel_token_delivery_mode: "ping",
          backchannel_client_notification_endpoint: notificationEndpoint
        },
        { backchannel_token_delivery_mode: "push", backchannel_client_notification_endpoint: notificationEndpoint }
      ])
    })

    for (const address of ["http://app.example/cb", "/cb", "https://app.example/cb#x"]) {
      it(`takes no address like ${address} [CIBA-4-a]`, () => {
        const made = BackchannelAuthentication.registration({ mode: "ping", notificationEndpoint: address })

        assert.isTrue(Result.isFailure(made))
      })
    }
  })
})

const notificationEndpoint = "https://app.example/ciba"

const ada = { loginHint: "ada", scopes: ["openid", "read"] as Scopes.Scopes }

const waiting = {
  authReqId: Redacted.make("ari"),
  expiresAt: DateTime.makeUnsafe(600_000),
  interval: Duration.seconds(5)
}

interface Options {
  readonly delivery?: BackchannelAuthentication.Delivery
  readonly authentication?: ClientAuthentication.Made
  readonly endpoint?: string | undefined
  readonly signer?: ReturnType<typeof BackchannelRequest.layer> | Layer.Layer<never>
}

const secret = Redacted.make("s3cret")

const setting = (handler: Handler, options: Options = {}) => {
  const http = recording(handler)
  const { authentication = ClientAuthentication.basic({ clientId: "app", clientSecret: secret }), delivery } = options
  const layer = BackchannelAuthentication.layer(delivery ?? { mode: "poll" }).pipe(
    Layer.provide(TokenEndpoint.layer),
    Layer.provide(options.signer ?? Layer.empty),
    Layer.provide([
      http.layer,
      ClientAuthentication.layer(authentication),
      AuthorizationServer.layer(AuthorizationServer.make({
        provider: "acme",
        issuer: "https://as.example",
        tokenEndpoint: "https://as.example/token",
        backchannelAuthenticationEndpoint: "endpoint" in options ? options.endpoint : "https://as.example/ciba"
      }))
    ])
  )
  return { layer, requests: http.requests }
}

const start = (
  options: BackchannelAuthentication.Options,
  delivery?: BackchannelAuthentication.Delivery,
  change: object = {}
) =>
  Effect.gen(function*() {
    const { layer, requests } = setting(
      () => Effect.sync(() => json({ auth_req_id: "ari", expires_in: 120, ...change })),
      delivery === undefined ? {} : { delivery }
    )
    const started = yield* Effect.provide(Service.use((_) => _.start(options)), layer)
    return { requests, started }
  })

const signed = Effect.fnUntraced(function*() {
  const pair = yield* Effect.promise(() => jose.generateKeyPair("ES256"))
  const { layer, requests } = setting(() => Effect.sync(() => json({ auth_req_id: "ari", expires_in: 120 })), {
    authentication: ClientAuthentication.post({ clientId: "app", clientSecret: secret }),
    delivery: { mode: "ping", notificationEndpoint },
    signer: BackchannelRequest.layer({ key: { cryptoKey: pair.privateKey, algorithm: "ES256", kid: "k1" } })
  })
  yield* Effect.provide(Service.use((_) => _.start({ ...ada, bindingMessage: "W4-SQ" })), layer)
  const body = new URLSearchParams(requests[0]?.body)
  const verified = yield* Effect.promise(() => jose.compactVerify(body.get("request") ?? "", pair.publicKey))
  const claims: Record<string, unknown> = JSON.parse(new TextDecoder().decode(verified.payload))
  return { body, claims, header: verified.protectedHeader }
})

/** Polls a server that answers so, the last answer for ever; tells the seconds at which it was asked. */
const poll = (handlers: ReadonlyArray<Handler>, first?: "at-once") =>
  Effect.gen(function*() {
    const times: Array<number> = []
    const { layer, requests } = setting((request, count) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now / 1000)
        return (handlers[count - 1] ?? handlers.at(-1) ?? granted)(request, count)
      })
    )
    const fiber = yield* Service.use((_) => _.poll(waiting, first)).pipe(
      Effect.provide(layer),
      Effect.match({ onSuccess: (tokens) => Redacted.value(tokens.accessToken), onFailure: (_) => words(_.reason) }),
      Effect.forkChild
    )
    yield* TestClock.adjust("1 hour")
    return { outcome: yield* Fiber.join(fiber), times, requests }
  })

function refused(error: string): Handler {
  return () => Effect.sync(() => json({ error }, { status: 400 }))
}

function granted() {
  return Effect.sync(() => json({ access_token: "at", token_type: "bearer" }))
}

function lost() {
  return Effect.fail({ code: "ECONNRESET" })
}

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [
    reason._tag,
    "problem" in reason ? reason.problem : undefined,
    "field" in reason ? reason.field : undefined,
    "code" in reason ? String(reason.code) : undefined
  ].filter((word) => word !== undefined).join(" ")
