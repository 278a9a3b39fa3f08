import {
  AuthorizationRequest,
  AuthorizationResponse,
  GrantKey,
  OAuthError,
  type OpenIdRequest
} from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result } from "effect"

describe("OpenIdRequest", () => {
  it.effect("sends what OAuth asks for as well, and always the redirect URI [OIDC-3.1.2.1-b] [OIDC-3.1.2.1-c]", () =>
    Effect.gen(function*() {
      const { query } = yield* request({})

      assert.strictEqual(query.get("response_type"), "code")
      assert.strictEqual(query.get("client_id"), "app")
      assert.strictEqual(query.get("redirect_uri"), "https://app.test/callback")
      assert.strictEqual(query.get("scope"), "openid")
      assert.match(query.get("state") ?? "", /^[\w-]{43}$/)
    }))

  it.effect("sends each parameter as it is asked for", () =>
    Effect.gen(function*() {
      const { pending, query } = yield* request({
        openid: {
          prompt: ["login", "consent"],
          maxAge: "1 hour",
          acr: ["phrh", "phr"],
          preferredAcr: ["pwd"],
          loginHint: "ada@example.com",
          display: "popup",
          uiLocales: ["fr-CA", "fr"],
          claimsLocales: ["ja"],
          responseMode: "form_post"
        }
      })

      const sent = Object.fromEntries(query)
      assert.deepInclude(sent, {
        prompt: "login consent",
        max_age: "3600",
        acr_values: "phrh phr pwd",
        login_hint: "ada@example.com",
        display: "popup",
        ui_locales: "fr-CA fr",
        claims_locales: "ja",
        response_mode: "form_post"
      })
      assert.strictEqual(pending.maxAge, 3600)
      assert.deepStrictEqual(pending.acr, ["phrh", "phr"])
    }))

  it.effect("sends no response mode where the usual one is meant [OIDC-3.1.2.1-f]", () =>
    Effect.gen(function*() {
      const { query } = yield* request({ openid: { prompt: ["login"] } })

      assert.isFalse(query.has("response_mode"))
    }))

  it.effect("asks for claims with a response that yields an access token [OIDC-5.5-a]", () =>
    Effect.gen(function*() {
      const { query } = yield* request({
        openid: { claims: { userinfo: { email: { essential: true } }, idToken: { auth_time: null } } }
      })

      assert.deepStrictEqual(JSON.parse(query.get("claims") ?? ""), {
        id_token: { auth_time: null },
        userinfo: { email: { essential: true } }
      })
      assert.strictEqual(query.get("response_type"), "code")
    }))

  it.effect("takes the scope openid [OIDC-3.1.2.1-a]", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(request({ scopes: ["profile"], openid: { display: "page" } }))

      assert.strictEqual(fieldOf(error), "scopes")
    }))

  it.effect("lets none stand alone [OIDC-3.1.2.1-g]", () =>
    Effect.gen(function*() {
      const { query } = yield* request({ openid: { prompt: "none" } })
      const error = yield* Effect.flip(request(JSON.parse(`{ "openid": { "prompt": ["none", "login"] } }`)))

      assert.strictEqual(query.get("prompt"), "none")
      assert.strictEqual(fieldOf(error), "prompt")
    }))

  it.effect("names the last ID token where nothing may be shown [OIDC-3.1.2.1-i]", () =>
    Effect.gen(function*() {
      const idTokenHint = Redacted.make("aaa.bbb.ccc")

      const { query } = yield* request({ openid: { prompt: "none", idTokenHint } })

      assert.strictEqual(query.get("id_token_hint"), "aaa.bbb.ccc")
    }))

  it.effect("takes no encrypted ID token, and no other text, as a hint [OIDC-3.1.2.1-h]", () =>
    Effect.gen(function*() {
      for (const hint of ["a.b.c.d.e", "", "a.b", "a.b.c d", "ada"]) {
        const error = yield* Effect.flip(request({ openid: { idTokenHint: Redacted.make(hint) } }))

        assert.strictEqual(fieldOf(error), "idTokenHint")
      }
    }))

  it.effect("logs nobody in by what travels through the browser [OIDC-16.11-a]", () =>
    Effect.gen(function*() {
      const { pending, query } = yield* request({})
      const state = Redacted.value(pending.state)

      assert.strictEqual(query.get("response_type"), "code")
      for (const token of [`#id_token=a.b.c&state=${state}`, `?id_token=a.b.c&state=${state}`, `#access_token=a`]) {
        const read = AuthorizationResponse.fromUrl(`https://app.test/callback${token}`)
        const reason = Result.isFailure(read) ? read.failure.reason : undefined
        assert.strictEqual(String(reason?._tag === "CallbackRejected" && reason.problem), "unsupported-response")
      }
    }))

  it.effect("asks for consent to offline access, unless something else is said [OIDC-11-a]", () =>
    Effect.gen(function*() {
      const scopes = ["openid", "offline_access"]
      const prompt = (options: Asked) => Effect.map(request({ scopes, ...options }), ({ query }) => query.get("prompt"))

      assert.strictEqual(yield* prompt({}), "consent")
      assert.strictEqual(yield* prompt({ openid: { display: "page" } }), "consent")
      assert.strictEqual(yield* prompt({ openid: { prompt: ["login", "consent"] } }), "login consent")
      assert.strictEqual(yield* prompt({ parameters: { prompt: "login" } }), "login")
      assert.isNull(yield* prompt({ parameters: { prompt: "" } }))
      assert.isNull(yield* prompt({ scopes: ["offline_access"] }))
      assert.isNull(yield* prompt({ scopes: ["openid"] }))
    }))

  it.effect("takes a span of time for the age of a sign-in, and needs a class to need one of", () =>
    Effect.gen(function*() {
      assert.strictEqual(fieldOf(yield* Effect.flip(request({ openid: { maxAge: "Infinity" } }))), "maxAge")
      assert.strictEqual(fieldOf(yield* Effect.flip(request({ openid: { acr: [] } }))), "acr")
      assert.strictEqual((yield* request({ openid: { maxAge: 0 } })).query.get("max_age"), "0")
    }))

  it.effect("makes a nonce of 256 bits for each request [OIDC-3.1.2.1-d] [FAPI2-5.3.3.2-g]", () =>
    Effect.gen(function*() {
      const nonces = yield* Effect.forEach(
        Array.from({ length: 100 }),
        () => Effect.map(build({}), ({ query }) => query.get("nonce") ?? "")
      )

      assert.strictEqual(new Set(nonces).size, 100)
      assert.isTrue(nonces.every((nonce) => /^[\w-]{43}$/.test(nonce)))
    }).pipe(Effect.provide(TestCrypto.layer())))

  it.effect("goes over TLS, and so does the answer [OIDC-3.1.2-a] [OIDC-3.1.2.1-e]", () =>
    Effect.gen(function*() {
      const asked = yield* Effect.flip(request({ endpoint: "http://op.test/authorize" }))
      const answer = yield* Effect.flip(request({ redirectUri: "http://app.test/callback" }))

      assert.deepStrictEqual([asked, answer].map(fieldOf), ["authorizationEndpoint", "redirectUri"])
      yield* request({ redirectUri: "http://127.0.0.1:4000/callback" })
    }))

  for (
    const [code, requires] of [
      ["login_required", "login"],
      ["interaction_required", "interaction"],
      ["consent_required", "consent"],
      ["account_selection_required", "account-selection"],
      ["access_denied", undefined]
    ] as const
  ) {
    it.effect(`says what ${code} requires [OIDC-3.1.2.6-a]`, () =>
      Effect.gen(function*() {
        const { pending } = yield* request({ openid: { prompt: "none" } })
        const answer = Result.getOrThrow(
          AuthorizationResponse.fromQuery(`error=${code}&state=${Redacted.value(pending.state)}`)
        )

        const judged = AuthorizationResponse.judge(answer, pending)

        const reason = Result.isFailure(judged) ? judged.failure.reason : undefined
        assert.isTrue(reason instanceof OAuthError.AuthorizationRefused)
        if (reason instanceof OAuthError.AuthorizationRefused) assert.strictEqual(reason.requires, requires)
      }))
  }
})

type Asked = Partial<AuthorizationRequest.Options> & { readonly openid?: OpenIdRequest.Options }

const request = (options: Asked) => Effect.provide(build(options), TestCrypto.layer())

const build = (options: Asked) =>
  AuthorizationRequest.make({
    endpoint: "https://as.test/authorize",
    issuer: "https://as.test",
    rules: AuthorizationRequest.rfc6749,
    clientId: "app",
    redirectUri: "https://app.test/callback",
    scopes: ["openid"],
    key: GrantKey.make({ provider: "test", issuer: "https://as.test", client: "app", account: "ada" }),
    ...options
  }).pipe(
    Effect.map(({ pending, url }) => ({ pending, query: new URL(url).searchParams }))
  )

const fieldOf = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "ConfigurationInvalid" ? reason.field : reason._tag
