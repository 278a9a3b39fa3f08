import { AuthorizationServer, Login, type OAuthClient, TokenService } from "@effect-oauth/core"
import { ProviderContract, TestHttp } from "@effect-oauth/core/testing"
import { FrameIoLegacy } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Config, DateTime, Duration, Effect, Layer, Redacted } from "effect"
import { canary, leaks } from "../../core/test/support/secrets.ts"
import * as Wire from "../../core/test/support/Wire.ts"
import * as Person from "./support/person.ts"

describe("FrameIoLegacy", () => {
  describe("ProviderContract", () => {
    for (const [kind, options] of Object.entries(kinds())) {
      for (const law of ProviderContract.cases) {
        it.effect(`${kind} ${law.name}`, () => Effect.provide(law.run, FrameIoLegacy.layer(options)))
      }
    }
  })

  describe("a person's grant", () => {
    const legs: ReadonlyArray<
      readonly [kind: "confidential" | "public", headers: Record<string, string>, named: string]
    > = [
      ["confidential", { authorization: `Basic ${btoa("app:s3cret")}` }, ""],
      ["public", {}, "&client_id=app"]
    ]

    for (const [kind, headers, named] of legs) {
      it.effect(`begins with S256 and spaces between the scopes, for a ${kind} client`, () =>
        Effect.gen(function*() {
          const { url } = yield* Person.login(scopes)

          assert.strictEqual(
            url,
            "https://applications.frame.io/oauth2/auth?response_type=code&client_id=app"
              + "&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback&scope=offline%20account.read%20asset.read"
              + "&state=~&code_challenge=~&code_challenge_method=S256"
          )
        }).pipe(Effect.provide(legacy().layer(FrameIoLegacy.layer(kinds()[kind])))))

      it.effect(`is exchanged with the scope and renewed with what was granted, by a ${kind} client`, () =>
        Effect.gen(function*() {
          const wire = legacy()

          yield* Effect.provide(Person.life(scopes), wire.layer(FrameIoLegacy.layer(kinds()[kind])))

          const exchange = {
            method: "POST",
            url: "https://applications.frame.io/oauth2/token",
            headers: Wire.form(headers)
          }
          assert.deepStrictEqual(wire.sent, [
            {
              ...exchange,
              body: "grant_type=authorization_code&code=c-0&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback"
                + `&code_verifier=~&scope=offline+account.read+asset.read${named}`
            },
            {
              ...exchange,
              body: `grant_type=refresh_token&refresh_token=r-1&scope=account.read+offline${named}`
            }
          ])
        }))
    }

    it.effect("begins with a state that is longer than the eight characters that a server like it may want", () =>
      Effect.gen(function*() {
        const { state } = yield* Person.begin(scopes)

        assert.isAtLeast(Redacted.value(state).length, 8)
      }).pipe(Effect.provide(legacy().layer(app))))

    it.effect("is exchanged without the state that the vendor's example repeats", () =>
      Effect.gen(function*() {
        const wire = legacy()

        yield* Effect.provide(Person.login(scopes), wire.layer(app))

        assert.isFalse(new URLSearchParams(wire.sent[0]?.body).has("state"))
      }))

    it.effect("takes an answer that names the scope beside the code", () =>
      Effect.gen(function*() {
        const { parameters } = yield* Person.login(scopes, { answer: "code=c-0&scope=account.read+offline" })

        assert.strictEqual(parameters.get("scope"), "account.read offline")
      }).pipe(Effect.provide(legacy().layer(app))))

    it.effect("logs in at a loopback address", () =>
      Effect.gen(function*() {
        const { renewable } = yield* Person.login(scopes, { redirectUri: "http://127.0.0.1:5000/callback/" })

        assert.isTrue(renewable)
      }).pipe(Effect.provide(legacy().layer(app))))

    it.effect("names the redirect URI letter by letter at both legs, its query too", () =>
      Effect.gen(function*() {
        const wire = legacy()
        const redirectUri = "http://127.0.0.1:5000/callback/?from=frameio"

        const { url } = yield* Effect.provide(
          Effect.gen(function*() {
            const { state, url } = yield* Person.begin(scopes, { redirectUri })
            const login = yield* Login.Login
            yield* login.complete(`${redirectUri}&code=c-0&state=${Redacted.value(state)}`)
            return { url }
          }),
          wire.layer(app)
        )

        assert.strictEqual(new URL(url).searchParams.get("redirect_uri"), redirectUri)
        assert.strictEqual(new URLSearchParams(wire.sent[0]?.body).get("redirect_uri"), redirectUri)
      }))

    it.effect("warns at login where offline was asked for and no refresh token came", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => TestHttp.json({ access_token: "a-1", expires_in: 3600, token_type: "bearer" }))

        const { warnings } = yield* Effect.provide(Person.login(scopes), wire.layer(app))

        assert.deepStrictEqual(warnings, [{ _tag: "RefreshTokenWithheld", scope: "offline" }])
      }))

    it.effect("asks for the scopes of an application of Camera to Cloud, which is a public client here", () =>
      Effect.gen(function*() {
        const { url } = yield* Person.login(["offline", "device.connect", "asset.create"])

        assert.include(url, "&scope=offline%20device.connect%20asset.create&")
      }).pipe(Effect.provide(legacy().layer(FrameIoLegacy.layer(kinds().public)))))

    for (
      const [what, answer, outcome] of [
        [
          "ends by invalid_grant, whatever else the error holds",
          TestHttp.json({
            error: "invalid_grant",
            error_description: "The refresh token is not active",
            error_hint: "token_inactive",
            error_debug: "",
            status_code: 400
          }, { status: 400 }),
          "ReauthorizationRequired"
        ],
        [
          "stays where the client is not accepted (401)",
          TestHttp.json({ error: "invalid_client" }, { status: 401 }),
          "RequestRefused"
        ],
        [
          "stays where the scope is not (403)",
          TestHttp.json({ error: "scope_not_granted" }, { status: 403 }),
          "RequestRefused"
        ],
        [
          "stays while the server is away (503)",
          TestHttp.json({ error: "temporarily_unavailable" }, { status: 503 }),
          "ServerUnavailable"
        ]
      ] as const
    ) {
      it.effect(what, () =>
        Effect.gen(function*() {
          let answered = 0
          const wire = Wire.make(() =>
            answered++ === 0
              ? TestHttp.json({ access_token: "a-1", expires_in: 3599, refresh_token: "r-1", token_type: "bearer" })
              : answer
          )

          const error = yield* Effect.provide(
            Effect.gen(function*() {
              const { key } = yield* Person.login(scopes)
              return yield* Effect.flip(Effect.flatMap(TokenService.TokenService, (service) => service.refresh(key)))
            }),
            wire.layer(app)
          )

          assert.strictEqual(error.reason._tag, outcome)
        }))
    }

    it.effect("is renewed with what was asked for where the answer names no scope", () =>
      Effect.gen(function*() {
        const wire = legacy({ scope: undefined })

        yield* Effect.provide(Person.life(scopes), wire.layer(app))

        assert.strictEqual(
          wire.sent[1]?.body,
          "grant_type=refresh_token&refresh_token=r-1&scope=offline+account.read+asset.read"
        )
      }))

    it.effect("is revoked here only, as no revocation endpoint is documented", () =>
      Effect.gen(function*() {
        const { revoked } = yield* Person.life(scopes)

        assert.strictEqual(revoked, "unsupported")
      }).pipe(Effect.provide(legacy().layer(app))))
  })

  describe("layerAuthorizationServer", () => {
    it.effect("gives the token to Frame.io's API only", () =>
      Effect.gen(function*() {
        const { apiOrigins } = yield* AuthorizationServer.AuthorizationServer

        assert.deepStrictEqual(apiOrigins, ["https://api.frame.io"])
      }).pipe(Effect.provide(FrameIoLegacy.layerAuthorizationServer)))

    it.effect("ends on 1 December 2026", () =>
      Effect.gen(function*() {
        const { endOfLife } = yield* AuthorizationServer.AuthorizationServer

        assert.deepStrictEqual(endOfLife, DateTime.makeUnsafe("2026-12-01T00:00:00Z"))
      }).pipe(Effect.provide(FrameIoLegacy.layerAuthorizationServer)))

    it.effect("rotates, with access tokens of an hour and refresh tokens of 30 days", () =>
      Effect.gen(function*() {
        const { dialect, rotation } = yield* AuthorizationServer.AuthorizationServer

        assert.deepInclude(rotation, { _tag: "Rotating", reuseRevokesFamily: true })
        assert.deepStrictEqual(dialect.response.defaultLifetime, Duration.hours(1))
        assert.deepStrictEqual(dialect.response.refreshTokenLifetime, Duration.days(30))
      }).pipe(Effect.provide(FrameIoLegacy.layerAuthorizationServer)))
  })

  describe("layerLoopback", () => {
    it.effect("has everything at the origin that it is given", () =>
      Effect.gen(function*() {
        const wire = legacy()

        const { url } = yield* Effect.provide(
          Person.life(scopes),
          wire.layer(FrameIoLegacy.layerLoopback({ ...kinds().public, origin }))
        )

        assert.isTrue(url.startsWith(`${origin}/oauth2/auth?`))
        assert.deepStrictEqual(wire.sent.map((request) => request.url), [
          `${origin}/oauth2/token`,
          `${origin}/oauth2/token`
        ])
      }))

    it.effect("keeps grants under keys of their own", () =>
      Effect.gen(function*() {
        const key = Effect.map(TokenService.TokenService, (service) => service.key("ada").id)

        const real = yield* Effect.provide(key, legacy().layer(app))
        const trial = yield* Effect.provide(
          key,
          legacy().layer(FrameIoLegacy.layerLoopback({ ...kinds().confidential, origin }))
        )

        assert.notStrictEqual(real, trial)
      }))

    it.effect("refuses plain http elsewhere", () =>
      Effect.gen(function*() {
        const error = yield* Person.failure(
          FrameIoLegacy.layerLoopback({ ...kinds().public, origin: "http://frameio.test" })
        )

        assert.strictEqual(error.message, "AuthorizationServer.make: authorizationEndpoint: must begin with https://")
      }))
  })

  describe("layerConfig", () => {
    it.effect("reads the client from variables", () =>
      Effect.gen(function*() {
        const wire = legacy()

        yield* Effect.provide(Person.login(scopes), wire.layer(configured)).pipe(
          Person.withEnv({ FRAMEIO_CLIENT_ID: "app", FRAMEIO_CLIENT_SECRET: "s3cret" })
        )

        assert.strictEqual(wire.sent[0]?.headers["authorization"], `Basic ${btoa("app:s3cret")}`)
      }))

    it.effect("names a variable that is missing", () =>
      Effect.gen(function*() {
        const error = yield* Person.failure(configured).pipe(Person.withEnv({ FRAMEIO_CLIENT_ID: "app" }))

        assert.strictEqual(error.message, "Configuration.layer: FRAMEIO_CLIENT_SECRET: is missing; set it")
      }))
  })

  describe("layerClientAuthentication", () => {
    it.effect("refuses a secret for a client that has none", () =>
      Effect.gen(function*() {
        const options = { ...kinds().public, clientSecret: Redacted.make(canary) }

        const error = yield* Person.failure(FrameIoLegacy.layerClientAuthentication(options))

        assert.strictEqual(
          error.message,
          "FrameIoLegacy.layer: clientSecret: is given, though a client of this kind has none; remove it, or name another kind"
        )
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("refuses a kind that there is not", () =>
      Effect.gen(function*() {
        const options: FrameIoLegacy.Options = JSON.parse(`{ "client": "webApp", "clientId": "app" }`)

        const error = yield* Person.failure(FrameIoLegacy.layerClientAuthentication(options))

        assert.strictEqual(error.message, "FrameIoLegacy.layer: client: must be confidential or public")
      }))

    it.effect("keeps the secret out of everything that can be printed", () =>
      Effect.gen(function*() {
        const made = yield* Effect.scoped(
          Layer.build(
            FrameIoLegacy.layer({ client: "confidential", clientId: "app", clientSecret: Redacted.make(canary) })
          )
        )

        assert.deepStrictEqual(leaks([...made.mapUnsafe.values()]), [])
      }))
  })

  describe("me", () => {
    it.effect("asks the API who the token stands for", () =>
      Effect.gen(function*() {
        const wire = legacy()

        const profile = yield* Effect.provide(
          Effect.flatMap(Person.client(scopes), FrameIoLegacy.me),
          wire.layer(app)
        )

        assert.deepStrictEqual(profile, { id: "u-1", name: "Ada", email: "ada@example.com" })
        assert.deepStrictEqual(wire.sent.at(-1), {
          method: "GET",
          url: "https://api.frame.io/v2/me",
          headers: { authorization: "Bearer a-1" },
          body: ""
        })
      }))
  })
})

function kinds() {
  return {
    confidential: { client: "confidential", clientId: "app", clientSecret: Redacted.make("s3cret") },
    public: { client: "public", clientId: "app" }
  } as const satisfies Record<string, FrameIoLegacy.Options>
}

const app: OAuthClient.Provider = Layer.suspend(() => FrameIoLegacy.layer(kinds().confidential))

const configured = FrameIoLegacy.layerConfig({
  client: "confidential",
  clientId: Config.String("FRAMEIO_CLIENT_ID"),
  clientSecret: Config.Redacted("FRAMEIO_CLIENT_SECRET")
})

const scopes = [...FrameIoLegacy.scopes, "asset.read"]

const origin = "http://127.0.0.1:4000"

/** The legacy server and its API, as the guides show their answers. */
const legacy = (options: { readonly scope: string | undefined } = { scope: "account.read offline" }) => {
  let pair = 0
  return Wire.make((request) => {
    if (request.method === "GET") return TestHttp.json({ id: "u-1", name: "Ada", email: "ada@example.com", bio: "" })
    pair++
    return TestHttp.json({
      access_token: `a-${pair}`,
      expires_in: 3600,
      refresh_token: `r-${pair}`,
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      token_type: "bearer"
    })
  })
}
