import {
  AuthorizationServer,
  ClientAuthentication,
  Dpop,
  DpopKey,
  Login,
  type OAuthError,
  type OAuthHttpClient,
  PushedAuthorization,
  TokenService
} from "@effect-oauth/core"
import { ClientAssertion } from "@effect-oauth/core/jose"
import { TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import * as Digest from "effect/crypto/Digest"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import * as App from "./support/App.ts"
import { type Handler, json, recording } from "./support/http.ts"
import { canary, leaks } from "./support/secrets.ts"
import * as Wire from "./support/Wire.ts"

describe("PushedAuthorization", () => {
  describe("push", () => {
    const methods: Record<string, readonly [ClientAuthentication.Made, Record<string, string>, string]> = {
      "none": [ClientAuthentication.none({ clientId: "app" }), {}, "&client_id=app"],
      "post": [
        ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") }),
        {},
        "&client_id=app&client_secret=s"
      ],
      "basic": [
        ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("s") }),
        { authorization: `Basic ${btoa("app:s")}` },
        "client_id=app&"
      ]
    }
    for (const [name, [made, headers, credentials]] of Object.entries(methods)) {
      it.effect(`sends the parameters once, and authenticates by ${name} [9126-2.1-b]`, () =>
        Effect.gen(function*() {
          const { requests } = yield* push({ authentication: made })

          const parameters = "response_type=code&state=s3&resource=urn%3Aa&resource=urn%3Ab"
          assert.deepStrictEqual(requests, [{
            method: "POST",
            url: "https://as.example/par",
            headers: { ...headers, accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
            body: name === "basic" ? credentials + parameters : parameters + credentials
          }])
        }))
    }

    describe("with a DPoP key", () => {
      it.effect("proves the request by the key that the code is to be bound to [9449-10.1-a]", () =>
        Effect.gen(function*() {
          const key = yield* generated
          const { outcome, proofs } = yield* proven({ key, jkt: key.thumbprint })

          const { header, payload } = proofs[0] ?? assert.fail("nothing was proven")
          assert.strictEqual(outcome, "pushed")
          assert.deepInclude(payload, { htm: "POST", htu: "https://as.example/par" })
          assert.strictEqual(yield* Effect.promise(() => jose.calculateJwkThumbprint(header.jwk)), key.thumbprint)
        }))

      it.effect("sends it once more with the server's nonce, and no more", () =>
        Effect.gen(function*() {
          const key = yield* generated
          let count = 0
          const wants = () =>
            json({ error: "use_dpop_nonce" }, { status: 400, headers: { "dpop-nonce": `n${++count}`, ...asJson } })
          const once = yield* proven({ key, answer: (index) => index === 1 ? wants() : taken({}) })
          const always = yield* proven({ key, answer: wants })

          assert.deepStrictEqual(once.proofs.map(({ payload }) => payload["nonce"]), [undefined, "n1"])
          assert.strictEqual(once.outcome, "pushed")
          assert.strictEqual(new Set(once.proofs.map(({ payload }) => payload["jti"])).size, 2)
          assert.deepStrictEqual([always.outcome, always.proofs.length], ["RequestRefused use_dpop_nonce", 2])
        }))

      it.effect("sends nothing where that key is not here", () =>
        Effect.gen(function*() {
          const { outcome, proofs } = yield* proven({ key: yield* generated, jkt: "another" })

          assert.deepStrictEqual([outcome, proofs], ["KeyUnavailable", []])
        }))

      it.effect("sends nothing by a key that the server does not know", () =>
        Effect.gen(function*() {
          const { outcome, proofs } = yield* proven({ key: yield* generated, algorithms: ["PS256"] })

          assert.deepStrictEqual([outcome, proofs], ["ConfigurationInvalid dpopKey", []])
        }))
    })

    it.effect("signs for the issuer, not for the endpoint [9126-2-b]", () =>
      Effect.gen(function*() {
        const authentication = ClientAssertion.clientSecretJwt({
          clientId: "app",
          clientSecret: Redacted.make("a secret of thirty-two characters or more"),
          issuer: "https://as.example"
        })

        const { requests } = yield* push({ authentication })

        const assertion = new URLSearchParams(requests[0]?.body).get("client_assertion") ?? ""
        assert.strictEqual(jose.decodeJwt(assertion).aud, "https://as.example")
      }))

    it.effect("authenticates as is said for this endpoint", () =>
      Effect.gen(function*() {
        const secret = { clientId: "app", clientSecret: Redacted.make("s") }
        const authentication = ClientAuthentication.perEndpoint({
          token: ClientAuthentication.basic(secret),
          "pushed-authorization-request": ClientAuthentication.post(secret)
        })

        const { requests } = yield* push({ authentication })

        assert.isUndefined(requests[0]?.headers["authorization"])
        assert.include(requests[0]?.body, "client_secret=s")
      }))

    it.effect("gives an address with the client and the reference alone [9126-4-b] [9126-2.2-a]", () =>
      Effect.gen(function*() {
        yield* TestClock.setTime(10_000)

        const { pushed } = yield* push({})

        assert.deepStrictEqual(pushed, {
          url: "https://as.example/authorize?tenant=1&client_id=app&request_uri=urn%3Aexample%3A1",
          requestUri: "urn:example:1",
          expiresAt: DateTime.makeUnsafe(70_000)
        })
      }))

    it.effect("gives a reference of its own each time [9126-4-a]", () =>
      Effect.gen(function*() {
        const http = recording((_, count) => Effect.succeed(taken({ request_uri: `urn:example:${count}` })))

        const pushed = yield* PushedAuthorization.PushedAuthorization.use(({ push }) =>
          Effect.all([push(parameters), push(parameters)])
        ).pipe(Effect.provide(setting(http.layer)))

        assert.deepStrictEqual(pushed.map(({ requestUri }) => requestUri), ["urn:example:1", "urn:example:2"])
      }))

    const answers: Record<string, readonly [() => Response, string]> = {
      "200, which is another status [9126-2.2-a]": [() => taken({}, 200), "ResponseInvalid status"],
      "a page with 201": [
        () => new Response("<html>", { status: 201, headers: { "content-type": "text/html" } }),
        "ResponseInvalid content-type"
      ],
      "a list": [() => json([], { status: 201 }), "ResponseInvalid not-an-object"],
      "no reference [9126-2.2-a]": [() => taken({ request_uri: undefined }), "ResponseInvalid missing request_uri"],
      "an empty reference": [() => taken({ request_uri: "" }), "ResponseInvalid missing request_uri"],
      "a reference that is a number [9126-2.2-a]": [
        () => taken({ request_uri: 1 }),
        "ResponseInvalid wrong-type request_uri"
      ],
      "a reference with a line break": [
        () => taken({ request_uri: "urn:a\nb" }),
        "ResponseInvalid out-of-range request_uri"
      ],
      "no lifetime [9126-2.2-a]": [() => taken({ expires_in: undefined }), "ResponseInvalid missing expires_in"],
      "a lifetime of zero [9126-2.2-a]": [() => taken({ expires_in: 0 }), "ResponseInvalid out-of-range expires_in"],
      "a lifetime that is text": [() => taken({ expires_in: "60" }), "ResponseInvalid wrong-type expires_in"],
      "half a second": [() => taken({ expires_in: 0.5 }), "ResponseInvalid out-of-range expires_in"],
      "a refusal [9126-2.3-a]": [
        () => json({ error: "invalid_request" }, { status: 400 }),
        "RequestRefused invalid_request"
      ],
      "a refused target [8707-2-g]": [
        () => json({ error: "invalid_target" }, { status: 400 }),
        "RequestRefused invalid_target"
      ],
      "405 [9126-2.3-a]": [() => new Response("", { status: 405 }), "AnswerLost status"],
      "413 [9126-2.3-a]": [() => new Response("", { status: 413 }), "AnswerLost status"],
      "429 [9126-2.3-a]": [() => new Response("", { status: 429 }), "ServerUnavailable"],
      "503": [() => new Response("", { status: 503 }), "ServerUnavailable"],
      "a redirect": [() => new Response("", { status: 307 }), "RedirectRefused"]
    }
    for (const [name, [response, expected]] of Object.entries(answers)) {
      it.effect(`fails, and asks once: ${name}`, () =>
        Effect.gen(function*() {
          const http = recording(() => Effect.sync(response))

          const error = yield* PushedAuthorization.PushedAuthorization.use(({ push }) => push(parameters)).pipe(
            Effect.flip,
            Effect.provide(setting(http.layer))
          )

          assert.strictEqual(words(error.reason), expected)
          assert.lengthOf(http.requests, 1)
        }))
    }

    it.effect("refuses to push a reference [9126-2.1-a]", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => taken({})))

        const error = yield* PushedAuthorization.PushedAuthorization.use(({ push }) =>
          push([...parameters, ["request_uri", "urn:x"]])
        ).pipe(Effect.flip, Effect.provide(setting(http.layer)))

        assert.strictEqual(words(error.reason), "ConfigurationInvalid parameters")
        assert.lengthOf(http.requests, 0)
      }))

    it.effect("sends nothing by plain http [9126-2-a]", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.sync(() => taken({})))
        const insecure = { pushedAuthorizationRequestEndpoint: "http://as.example/par" }
        const layer = PushedAuthorization.layer.pipe(Layer.provide([
          http.layer,
          ClientAuthentication.layerNone({ clientId: "app" }),
          // as if somebody had described it without the constructors
          Layer.effect(
            AuthorizationServer.AuthorizationServer,
            Effect.map(Effect.fromResult(AuthorizationServer.make(described)), (server) => ({ ...server, ...insecure }))
          )
        ]))

        const error = yield* PushedAuthorization.PushedAuthorization.use(({ push }) => push(parameters)).pipe(
          Effect.flip,
          Effect.provide(layer)
        )

        assert.strictEqual(words(error.reason), "ConfigurationInvalid pushedAuthorizationRequestEndpoint")
        assert.isTrue(AuthorizationServer.make({ ...described, ...insecure })._tag === "Failure")
        assert.lengthOf(http.requests, 0)
      }))

    it.effect("keeps what it pushes out of errors", () =>
      Effect.gen(function*() {
        const http = recording(() => Effect.fail({ code: "ECONNRESET", message: canary }))

        const error = yield* PushedAuthorization.PushedAuthorization.use(({ push }) => push([["state", canary]])).pipe(
          Effect.flip,
          Effect.provide(setting(http.layer))
        )

        assert.deepStrictEqual(leaks(error), [])
      }))
  })

  describe("in a login", () => {
    it.effect("carries everything, and the browser nothing of it [9126-2.1-b] [9126-7.5-a] [9126-4-b]", () =>
      Effect.gen(function*() {
        const { begun, wire } = yield* begin({})

        const [sent] = wire.sent
        assert.deepStrictEqual([sent?.method, sent?.url], ["POST", "https://as.example/par"])
        assert.strictEqual(
          sent?.body,
          "response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=read&state=~"
            + "&code_challenge=~&code_challenge_method=S256&client_id=app"
        )
        assert.strictEqual(
          begun.url,
          "https://as.example/authorize?tenant=1&client_id=app&request_uri=urn%3Aexample%3A1"
        )
      }))

    it.effect("says when its address is of no more use, and gives another then [9126-4-c] [9126-4-a]", () =>
      Effect.gen(function*() {
        const { begun, wire } = yield* begin({})
        yield* TestClock.adjust("61 seconds")

        const again = yield* begun.again

        assert.deepStrictEqual(begun.urlExpiresAt, DateTime.makeUnsafe(60_000))
        assert.deepStrictEqual(again.urlExpiresAt, DateTime.makeUnsafe(121_000))
        assert.notStrictEqual(again.url, begun.url)
        assert.strictEqual(Redacted.value(again.state), Redacted.value(begun.state))
        assert.lengthOf(wire.sent, 2)
        assert.deepStrictEqual(wire.sent[0], wire.sent[1])
      }))

    it.effect("completes like every other", () =>
      Effect.gen(function*() {
        const { begun, layer } = yield* begin({})
        const answer = `https://app.example/cb?code=c&state=${Redacted.value(begun.state)}`

        const status = yield* Effect.gen(function*() {
          const { key } = yield* Login.Login.use(({ complete }) => complete(answer))
          return yield* TokenService.TokenService.use((service) => service.status(key))
        }).pipe(Effect.provideContext(layer))

        assert.strictEqual(Option.getOrThrow(status).state._tag, "Active")
      }))

    it.effect("goes on by another address when the first was used, or came too late [9126-4-a] [9126-4-c]", () =>
      Effect.gen(function*() {
        const login = yield* Login.Login
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.example/cb", scopes: ["read"] })

        yield* server.authorize(begun.url)
        const used = yield* Effect.exit(server.authorize(begun.url))
        const second = yield* begun.again
        yield* TestClock.adjust("1 minute")
        const late = yield* Effect.exit(server.authorize(second.url))
        const third = yield* second.again
        const completed = yield* login.complete(yield* server.authorize(third.url))

        assert.deepStrictEqual([used._tag, late._tag], ["Failure", "Failure"])
        assert.strictEqual(completed.key.account, "ada")
      }).pipe(Effect.provide(App.layer({ pushedRequests: "required" }))))

    it.effect("is not begun in another way when the server refuses [9126-2.3-a]", () =>
      Effect.gen(function*() {
        const failed = yield* Effect.flip(begin({}, () => TestHttp.json({ error: "invalid_request" }, { status: 400 })))

        assert.strictEqual(words(failed.reason), "RequestRefused invalid_request")
      }))

    it.effect("is not pushed where the dialect says never", () =>
      Effect.gen(function*() {
        const { begun, wire } = yield* begin({ dialect: { authorization: { pushed: "never" } } })

        assert.include(begun.url, "code_challenge=")
        assert.isUndefined(begun.urlExpiresAt)
        assert.lengthOf(wire.sent, 0)
      }))

    it("needs an endpoint where the dialect demands it [9126-5-a]", () => {
      const made = AuthorizationServer.make({
        ...described,
        pushedAuthorizationRequestEndpoint: undefined,
        dialect: { authorization: { pushed: "required" } }
      })

      assert.strictEqual(
        made._tag === "Failure" ? words(made.failure.reason) : "",
        "ConfigurationInvalid pushedAuthorizationRequestEndpoint"
      )
    })
  })
})

const described: AuthorizationServer.Options = {
  provider: "acme",
  authorizationEndpoint: "https://as.example/authorize?tenant=1",
  tokenEndpoint: "https://as.example/token",
  pushedAuthorizationRequestEndpoint: "https://as.example/par"
}

const parameters = [
  ["response_type", "code"],
  ["client_id", "app"],
  ["state", "s3"],
  ["resource", "urn:a"],
  ["resource", "urn:b"]
] as const

const taken = (change: object, status = 201): Response =>
  json({ request_uri: "urn:example:1", expires_in: 60, ...change }, { status })

const setting = (
  http: Layer.Layer<OAuthHttpClient.OAuthHttpClient>,
  authentication: ClientAuthentication.Made = ClientAuthentication.none({ clientId: "app" })
) =>
  PushedAuthorization.layer.pipe(Layer.provide([
    http,
    ClientAuthentication.layer(authentication),
    AuthorizationServer.layer(AuthorizationServer.make(described))
  ]))

const push = ({ authentication, handler = () => Effect.sync(() => taken({})) }: {
  readonly authentication?: ClientAuthentication.Made
  readonly handler?: Handler
}) =>
  Effect.gen(function*() {
    const http = recording(handler)
    const pushed = yield* PushedAuthorization.PushedAuthorization.use(({ push }) => push(parameters)).pipe(
      Effect.provide(setting(http.layer, authentication))
    )
    return { pushed, requests: http.requests }
  })

const generated = Effect.provide(Effect.suspend(() => DpopKey.generate()), Digest.layerWebCrypto)

const asJson = { "content-type": "application/json" }

/** Pushes with proofs by a key, and tells what was proven. */
const proven = ({ algorithms, answer = () => taken({}), jkt, key }: {
  readonly key: DpopKey.DpopKey
  readonly jkt?: string
  readonly algorithms?: ReadonlyArray<string>
  readonly answer?: (count: number) => Response
}) =>
  Effect.gen(function*() {
    const http = recording((_, count) => Effect.sync(() => answer(count)))
    const layer = PushedAuthorization.layer.pipe(Layer.provide([
      http.layer,
      Dpop.layerKey(Effect.succeed(key)),
      ClientAuthentication.layerNone({ clientId: "app" }),
      AuthorizationServer.layer(AuthorizationServer.make({ ...described, dpopSigningAlgorithms: algorithms }))
    ]))
    const outcome = yield* PushedAuthorization.PushedAuthorization.use(({ push }) =>
      push([...parameters, ...(jkt === undefined ? [] : [["dpop_jkt", jkt] as const])])
    ).pipe(
      Effect.match({ onSuccess: () => "pushed", onFailure: ({ reason }) => words(reason) }),
      Effect.provide(layer)
    )
    const proofs = http.requests.map(({ headers }) => ({
      header: jose.decodeProtectedHeader(headers["dpop"] ?? "") as { readonly jwk: jose.JWK },
      payload: jose.decodeJwt(headers["dpop"] ?? "")
    }))
    return { outcome, proofs }
  })

/** Begins a login at a server that takes pushed requests. */
const begin = (
  options: Partial<AuthorizationServer.Options>,
  answer?: () => TestHttp.Answer
) =>
  Effect.gen(function*() {
    let count = 0
    const wire = Wire.make(({ url }) =>
      url.endsWith("/par")
        ? answer?.() ?? TestHttp.json({ request_uri: `urn:example:${++count}`, expires_in: 60 }, { status: 201 })
        : TestHttp.json({ access_token: "a", token_type: "Bearer" })
    )
    const provider = Layer.merge(
      AuthorizationServer.layer(AuthorizationServer.make({ ...described, ...options })),
      ClientAuthentication.layerNone({ clientId: "app" })
    )
    const layer = yield* Layer.build(wire.layer(provider))
    const begun = yield* Login.Login.use(({ begin }) =>
      begin({ account: "ada", redirectUri: "https://app.example/cb", scopes: ["read"] })
    ).pipe(Effect.provideContext(layer))
    return { begun, wire, layer }
  })

const words = (reason: OAuthError.OAuthErrorReason): string =>
  [
    reason._tag,
    "problem" in reason && reason._tag !== "ConfigurationInvalid" ? reason.problem : undefined,
    "field" in reason ? reason.field : undefined,
    "code" in reason ? String(reason.code) : undefined
  ].filter((word) => word !== undefined).join(" ")
