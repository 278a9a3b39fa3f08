import {
  AuthorizationServer,
  AuthorizedHttpClient,
  ClientCredentials,
  type OAuthClient,
  TokenService,
  TokenSource,
  UserInfo
} from "@effect-oauth/core"
import { ProviderContract, TestHttp } from "@effect-oauth/core/testing"
import { FrameIo, FrameIoApi } from "@effect-oauth/frameio"
import { assert, describe, it } from "@effect/vitest"
import { Config, Duration, Effect, Layer, Option, Redacted } from "effect"
import { Base64Url } from "effect/encoding"
import { HttpBody, HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { canary, leaks } from "../../core/test/support/secrets.ts"
import * as Wire from "../../core/test/support/Wire.ts"
import * as Person from "./support/person.ts"

describe("FrameIo", () => {
  describe("ProviderContract", () => {
    for (const [kind, options] of Object.entries(kinds())) {
      for (const law of ProviderContract.cases) {
        it.effect(`${kind} ${law.name}`, () => Effect.provide(law.run, FrameIo.layer(options)))
      }
    }
  })

  describe("a person's grant", () => {
    const basic = { authorization: `Basic ${btoa("app:s3cret")}` }
    const legs: ReadonlyArray<
      readonly [kind: "webApp" | "singlePageApp" | "nativeApp", headers: Record<string, string>, named: string]
    > = [
      ["webApp", basic, ""],
      ["singlePageApp", {}, "&client_id=app"],
      ["nativeApp", {}, "&client_id=app"]
    ]

    for (const [kind, headers, named] of legs) {
      it.effect(`begins at Adobe with S256, for a ${kind}`, () =>
        Effect.gen(function*() {
          const { url } = yield* Person.login(FrameIo.scopes)

          assert.strictEqual(
            url,
            "https://ims-na1.adobelogin.com/ims/authorize/v2?response_type=code&client_id=app"
              + "&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback"
              + "&scope=openid%20AdobeID%20email%20profile%20offline_access%20additional_info.roles"
              + "&state=~&nonce=~&code_challenge=~&code_challenge_method=S256"
          )
        }).pipe(Effect.provide(adobe().layer(FrameIo.layer(kinds()[kind])))))

      it.effect(`is exchanged, renewed and revoked without a scope, by a ${kind}`, () =>
        Effect.gen(function*() {
          const wire = adobe()

          yield* Effect.provide(Person.life(FrameIo.scopes), wire.layer(FrameIo.layer(kinds()[kind])))

          const exchange = { method: "POST", headers: Wire.form(headers) }
          assert.deepStrictEqual(wire.sent, [
            {
              ...exchange,
              url: "https://ims-na1.adobelogin.com/ims/token/v3",
              body: "grant_type=authorization_code&code=c-0&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback"
                + `&code_verifier=~${named}`
            },
            {
              ...exchange,
              url: "https://ims-na1.adobelogin.com/ims/token/v3",
              body: `grant_type=refresh_token&refresh_token=r-1${named}`
            },
            {
              ...exchange,
              url: "https://ims-na1.adobelogin.com/ims/revoke",
              body: `token=r-2&token_type_hint=refresh_token${named}`
            }
          ])
        }))
    }

    it.effect("is revoked by an empty answer", () =>
      Effect.gen(function*() {
        const { revoked } = yield* Person.life(FrameIo.scopes)

        assert.strictEqual(revoked, "done")
      }).pipe(Effect.provide(adobe().layer(webApp))))

    it.effect("has the scopes that were asked for, since answers name none", () =>
      Effect.gen(function*() {
        const { key } = yield* Person.login(FrameIo.scopes)

        const status = yield* Effect.flatMap(TokenService.TokenService, (service) => service.status(key))

        assert.deepStrictEqual(Option.map(status, ({ scopes }) => scopes), Option.some(FrameIo.scopes))
      }).pipe(Effect.provide(adobe().layer(webApp))))

    it.effect("has no warnings where all that was asked for is there", () =>
      Effect.gen(function*() {
        const { warnings } = yield* Person.login(FrameIo.scopes)

        assert.deepStrictEqual(warnings, [])
      }).pipe(Effect.provide(adobe().layer(webApp))))

    it.effect("warns at login where offline_access was asked for and no refresh token came", () =>
      Effect.gen(function*() {
        const { renewable, warnings } = yield* Person.login(FrameIo.scopes)

        assert.isFalse(renewable)
        assert.deepStrictEqual(warnings, [{ _tag: "RefreshTokenWithheld", scope: "offline_access" }])
      }).pipe(Effect.provide(withoutRefreshToken().layer(webApp))))

    it.effect("is refused where the answer arrives at the default redirect URI instead of the one that was asked for", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Person.login(FrameIo.scopes, { arrival: "https://app.test/default" }))

        assert.strictEqual(
          error.reason._tag === "CallbackRejected" && error.reason.problem,
          "redirect-uri-mismatch"
        )
      }).pipe(Effect.provide(adobe().layer(webApp))))

    for (const redirectUri of ["adobe+5a9d0b0c://callback", "adobe+5a9d0b0c://adobeid/app"]) {
      it.effect(`logs in at a native app's own scheme, as Adobe hands it out: ${redirectUri}`, () =>
        Effect.gen(function*() {
          const { renewable, url } = yield* Person.login(FrameIo.scopes, { redirectUri })

          assert.include(url, `&redirect_uri=${encodeURIComponent(redirectUri)}&`)
          assert.isTrue(renewable)
        }).pipe(Effect.provide(adobe().layer(FrameIo.layer(kinds().nativeApp)))))
    }

    it.effect("keeps `state` far below Adobe's 4096 characters", () =>
      Effect.gen(function*() {
        const { state } = yield* Person.begin(FrameIo.scopes)

        assert.strictEqual(Redacted.value(state).length, 43)
      }).pipe(Effect.provide(adobe().layer(webApp))))

    it.effect("is refused with invalid_scope where the credential is not entitled to a scope", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Person.login(FrameIo.scopes, { answer: "error=invalid_scope" }))

        assert.strictEqual(error.reason._tag, "AuthorizationRefused")
        assert.include(error.message, "\"invalid_scope\"")
      }).pipe(Effect.provide(adobe().layer(webApp))))

    for (
      const [code, requires] of [
        ["login_required", "login"],
        ["consent_required", "consent"],
        ["interaction_required", "interaction"]
      ] as const
    ) {
      it.effect(`tells by ${code} what a silent login lacks`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Person.login(FrameIo.scopes, { answer: `error=${code}` }))

          assert.strictEqual(error.reason._tag === "AuthorizationRefused" && error.reason.requires, requires)
        }).pipe(Effect.provide(adobe().layer(webApp))))
    }

    for (const [expiresIn, hours] of [[86399, 23], [3599, 0.9]] as const) {
      it.effect(`is served for the ${expiresIn} seconds that the answer tells, though its JWT has no exp`, () =>
        Effect.gen(function*() {
          const wire = adobe({ accessToken: jwtWithoutExp, expiresIn })

          yield* Effect.provide(
            Effect.gen(function*() {
              const { key } = yield* Person.login(FrameIo.scopes)
              const { token } = yield* TokenSource.fromGrant(key)
              yield* TestClock.adjust(Duration.hours(hours))
              yield* token
              assert.strictEqual(renewals(wire), 0)
              yield* TestClock.adjust(Duration.hours(hours))
              yield* token
            }),
            wire.layer(webApp)
          )

          assert.strictEqual(renewals(wire), 1)
        }))
    }

    it.effect("is renewed with the client's other secret once it has been exchanged for the first", () =>
      Effect.gen(function*() {
        const wire = adobe()
        let secret = "first"
        const provider = FrameIo.layer({
          client: "webApp",
          clientId: "app",
          clientSecret: Effect.sync(() => Redacted.make(secret))
        })

        yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            secret = "second"
            yield* Effect.flatMap(TokenService.TokenService, (service) => service.refresh(key))
          }),
          wire.layer(provider)
        )

        assert.deepStrictEqual(wire.sent.map(({ headers }) => headers["authorization"]), [
          `Basic ${btoa("app:first")}`,
          `Basic ${btoa("app:second")}`
        ])
      }))

    it.effect("presents the refresh token that the last renewal gave", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            const service = yield* TokenService.TokenService
            yield* service.refresh(key)
            yield* TestClock.adjust("1 hour")
            yield* service.refresh(key)
          }),
          wire.layer(webApp)
        )

        assert.deepStrictEqual(wire.sent.slice(1).map(({ body }) => body), [
          "grant_type=refresh_token&refresh_token=r-1",
          "grant_type=refresh_token&refresh_token=r-2"
        ])
      }))

    it.effect("is renewed once for callers who come at once", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            const { token } = yield* TokenSource.fromGrant(key)
            yield* TestClock.adjust("25 hours")
            yield* Effect.all(Array.from({ length: 50 }, () => token), { concurrency: "unbounded" })
          }),
          wire.layer(webApp)
        )

        assert.strictEqual(renewals(wire), 1)
      }))

    it.effect("is not renewed with the same token at once when the answer is lost", () =>
      Effect.gen(function*() {
        const wire = adobe({ renewal: () => ({ ...TestHttp.json({}), ending: "reset" }) })

        const [first, second] = yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            const service = yield* TokenService.TokenService
            return [yield* Effect.flip(service.refresh(key)), yield* Effect.flip(service.refresh(key))] as const
          }),
          wire.layer(webApp)
        )

        assert.deepStrictEqual([first.reason._tag, second.reason._tag], ["AnswerLost", "RenewalPending"])
        assert.strictEqual(renewals(wire), 1)
      }))

    it.effect("is kept when the server says that it knows the client no more", () =>
      Effect.gen(function*() {
        const wire = adobe({ renewal: () => TestHttp.json({ error: "invalid_client" }, { status: 401 }) })

        const status = yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            const service = yield* TokenService.TokenService
            yield* Effect.flip(service.refresh(key))
            return yield* service.status(key)
          }),
          wire.layer(webApp)
        )

        assert.strictEqual(Option.getOrThrow(status).state._tag, "Active")
      }))

    it.effect("tells who the person is at Adobe's UserInfo endpoint", () =>
      Effect.gen(function*() {
        const wire = adobe({
          api: () => TestHttp.json({ sub: "B0DC@c62f", account_type: "ent", email: "ada@example.com" })
        })

        const info = yield* Effect.provide(
          Effect.gen(function*() {
            const { key } = yield* Person.login(FrameIo.scopes)
            return yield* UserInfo.get(yield* TokenSource.fromGrant(key), "B0DC@c62f")
          }),
          wire.layer(webApp)
        )

        assert.strictEqual(Redacted.value(info.claims)["account_type"], "ent")
        assert.deepInclude(wire.sent.at(-1), {
          method: "GET",
          url: "https://ims-na1.adobelogin.com/ims/userinfo/v2"
        })
      }))

    it.effect("is not renewable without a refresh token, and says so at login", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => TestHttp.json({ access_token: "a-1", token_type: "bearer", expires_in: 86399 }))

        const { renewable } = yield* Effect.provide(Person.login(["openid"]), wire.layer(webApp))

        assert.isFalse(renewable)
      }))
  })

  describe("a server's own token", () => {
    it.effect("is asked for with the secret in the body and commas between the scopes", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.flatMap(ClientCredentials.source({ scopes: FrameIo.serverToServerScopes }), ({ token }) => token),
          wire.layer(FrameIo.layer(kinds().serverToServer))
        )

        assert.deepStrictEqual(wire.sent, [
          {
            method: "POST",
            url: "https://ims-na1.adobelogin.com/ims/token/v3",
            headers: Wire.form(),
            body:
              "grant_type=client_credentials&scope=openid%2CAdobeID%2Cframe.s2s.all&client_id=app&client_secret=s3cret"
          }
        ])
      }))

    it.effect("is kept and used until it is due, since Adobe throttles who asks often", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.gen(function*() {
            const { token } = yield* ClientCredentials.source({ scopes: FrameIo.serverToServerScopes })
            yield* Effect.all(Array.from({ length: 50 }, () => token), { concurrency: "unbounded" })
            yield* TestClock.adjust("20 hours")
            yield* token
          }),
          wire.layer(FrameIo.layer(kinds().serverToServer))
        )

        assert.strictEqual(wire.sent.length, 1)
      }))
  })

  describe("legacyDeveloperToken", () => {
    it.effect("goes to V4 with the header that marks it", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.gen(function*() {
            const source = FrameIo.legacyDeveloperToken(Redacted.make("fio-u-1"))
            return yield* FrameIo.me(yield* FrameIoApi.fromSource(source))
          }),
          wire.layer(webApp)
        )

        assert.deepStrictEqual(wire.sent, [{
          method: "GET",
          url: "https://api.frame.io/v4/me",
          headers: { authorization: "Bearer fio-u-1", "x-frameio-legacy-token-auth": "true" },
          body: ""
        }])
      }))

    it.effect("stays out of everything that can be printed", () =>
      Effect.sync(() => {
        assert.deepStrictEqual(leaks(FrameIo.legacyDeveloperToken(Redacted.make(canary))), [])
      }))
  })

  describe("an address that is signed already", () => {
    const part = "https://frameio-uploads-production.s3-accelerate.amazonaws.com/parts/1?X-Amz-Signature=5a9d"

    for (
      const url of [
        part,
        "https://frameio-uploads.s3.us-east-1.amazonaws.com/1",
        "https://assets.frame.io/download/1?Signature=5a9d",
        "https://api.frame.io.example.com/v4/me",
        "https://api.frame.io:8443/v4/me"
      ]
    ) {
      it.effect(`gets no token, and nothing else: ${new URL(url).host}`, () =>
        Effect.gen(function*() {
          const wire = adobe()

          const error = yield* Effect.flip(
            Effect.provide(
              Effect.flatMap(Person.client(FrameIo.scopes), (client) =>
                client.put(url, { body: HttpBody.text("frame") })),
              wire.layer(webApp)
            )
          )

          assert.strictEqual(error._tag === "OAuthError" && error.reason._tag, "RequestNotAllowed")
          assert.strictEqual(wire.sent.length, 1)
        }))
    }

    for (const status of [301, 302, 303, 307, 308]) {
      it.effect(`is told by a redirect (${status}), which is not followed with the token`, () =>
        Effect.gen(function*() {
          const wire = adobe({ api: () => TestHttp.redirect(part, { status }) })

          const response = yield* Effect.provide(
            Effect.flatMap(
              Person.client(FrameIo.scopes),
              (client) => client.get("https://api.frame.io/v4/accounts/1/files/2/download")
            ),
            wire.layer(webApp)
          )

          assert.deepStrictEqual([response.status, response.headers["location"]], [status, part])
          assert.strictEqual(wire.sent.filter(({ url }) => url.includes("amazonaws")).length, 0)
        }))
    }

    it.effect("is not believed where the HTTP client went there by itself", () =>
      Effect.gen(function*() {
        const wire = adobe({ api: () => ({ ...TestHttp.json({}), url: part }) })

        const error = yield* Effect.flip(Effect.provide(
          Effect.flatMap(Person.client(FrameIo.scopes), (client) => client.get("https://api.frame.io/v4/me")),
          wire.layer(webApp)
        ))

        assert.deepInclude(error._tag === "OAuthError" && error.reason, { _tag: "RedirectRefused", followed: true })
      }))

    it.effect("takes a plain client, which sends no Authorization header", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.gen(function*() {
            yield* Person.client(FrameIo.scopes)
            const plain = yield* HttpClient.HttpClient
            return yield* plain.put(part, { body: HttpBody.text("frame") })
          }),
          wire.layer(webApp)
        )

        assert.isUndefined(wire.sent.at(-1)?.headers["authorization"])
      }))
  })

  describe("layerAuthorizationServer", () => {
    it.effect("gives the token to Frame.io's API only", () =>
      Effect.gen(function*() {
        const { apiOrigins } = yield* AuthorizationServer.AuthorizationServer

        assert.deepStrictEqual(apiOrigins, ["https://api.frame.io"])
      }).pipe(Effect.provide(FrameIo.layerAuthorizationServer)))

    it.effect("rotates, reuse unforgiven, with refresh tokens of 14 days", () =>
      Effect.gen(function*() {
        const { dialect, rotation } = yield* AuthorizationServer.AuthorizationServer

        assert.deepInclude(rotation, { _tag: "Rotating", reuseRevokesFamily: true })
        assert.deepStrictEqual(dialect.response.refreshTokenLifetime, Duration.days(14))
      }).pipe(Effect.provide(FrameIo.layerAuthorizationServer)))

    for (
      const url of ["https://ims-na1.adobelogin.com/ims/userinfo/v2", "https://frame.io/v4/me", "http://api.frame.io/"]
    ) {
      it.effect(`sends no token to ${url}`, () =>
        Effect.gen(function*() {
          const wire = adobe()

          const error = yield* Effect.flip(
            Effect.provide(
              Effect.flatMap(Person.client(FrameIo.scopes), (client) => client.get(url)),
              wire.layer(webApp)
            )
          )

          assert.strictEqual(error._tag === "OAuthError" && error.reason._tag, "RequestNotAllowed")
          assert.strictEqual(wire.sent.length, 1)
        }))
    }
  })

  describe("layerLoopback", () => {
    it.effect("has everything at the origin that it is given", () =>
      Effect.gen(function*() {
        const wire = adobe()
        const provider = FrameIo.layerLoopback({ ...kinds().webApp, origin })

        const { url } = yield* Effect.provide(Person.life(FrameIo.scopes), wire.layer(provider))

        assert.isTrue(url.startsWith(`${origin}/ims/authorize/v2?`))
        assert.deepStrictEqual(wire.sent.map((request) => request.url), [
          `${origin}/ims/token/v3`,
          `${origin}/ims/token/v3`,
          `${origin}/ims/revoke`
        ])
      }))

    it.effect("keeps grants under keys of their own", () =>
      Effect.gen(function*() {
        const key = Effect.map(TokenService.TokenService, (service) => service.key("ada").id)

        const real = yield* Effect.provide(key, adobe().layer(webApp))
        const trial = yield* Effect.provide(key, adobe().layer(FrameIo.layerLoopback({ ...kinds().webApp, origin })))

        assert.notStrictEqual(real, trial)
      }))

    for (
      const [origin, problem] of [
        ["http://127.0.0.1:4000/", "FrameIo.layer: origin: must be an origin, like http://127.0.0.1:4000"],
        ["127.0.0.1:4000", "FrameIo.layer: origin: must be an origin, like http://127.0.0.1:4000"],
        ["http://frameio.test", "AuthorizationServer.make: issuer: must begin with https://"]
      ] as const
    ) {
      it.effect(`refuses ${origin}`, () =>
        Effect.gen(function*() {
          const error = yield* Person.failure(FrameIo.layerLoopback({ ...kinds().webApp, origin }))

          assert.strictEqual(error.message, problem)
        }))
    }
  })

  describe("layerConfig", () => {
    const configured = FrameIo.layerConfig({
      client: "webApp",
      clientId: Config.String("FRAMEIO_CLIENT_ID"),
      clientSecret: Config.Redacted("FRAMEIO_CLIENT_SECRET")
    })
    const env = { FRAMEIO_CLIENT_ID: "app", FRAMEIO_CLIENT_SECRET: "s3cret" }

    it.effect("reads the client from variables", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(Person.login(FrameIo.scopes), wire.layer(configured)).pipe(Person.withEnv(env))

        assert.strictEqual(wire.sent[0]?.headers["authorization"], `Basic ${btoa("app:s3cret")}`)
      }))

    it.effect("reads no address from the environment", () =>
      Effect.gen(function*() {
        const server = yield* Effect.provide(AuthorizationServer.AuthorizationServer, configured).pipe(
          Person.withEnv({ ...env, FRAMEIO_ORIGIN: "http://127.0.0.1:4000", FRAMEIO_BASE_URL: "http://127.0.0.1:4000" })
        )

        assert.strictEqual(server.tokenEndpoint, "https://ims-na1.adobelogin.com/ims/token/v3")
      }))

    for (
      const [what, env, message] of [
        [
          "a secret that is missing",
          { FRAMEIO_CLIENT_ID: "app" },
          "Configuration.layer: FRAMEIO_CLIENT_SECRET: is missing; set it"
        ],
        [
          "an identifier that is missing",
          { FRAMEIO_CLIENT_SECRET: "s" },
          "Configuration.layer: FRAMEIO_CLIENT_ID: is missing; set it"
        ],
        [
          "a secret with a line break",
          { FRAMEIO_CLIENT_ID: "app", FRAMEIO_CLIENT_SECRET: `${canary}\n` },
          "ClientAuthentication.make: FRAMEIO_CLIENT_SECRET: contains a line break or another control character"
        ]
      ] as ReadonlyArray<readonly [string, Record<string, string>, string]>
    ) {
      it.effect(`refuses ${what}, and names the variable`, () =>
        Effect.gen(function*() {
          const error = yield* Person.failure(configured).pipe(Person.withEnv(env))

          assert.strictEqual(error.message, message)
          assert.deepStrictEqual(leaks(error), [])
        }))
    }
  })

  describe("layerClientAuthentication", () => {
    it.effect("refuses a secret for a client that has none [8252-8.4-a] [2.1-8.1.1-a]", () =>
      Effect.gen(function*() {
        const options = { ...kinds().nativeApp, clientSecret: Redacted.make(canary) }

        const error = yield* Person.failure(FrameIo.layerClientAuthentication(options))

        assert.strictEqual(
          error.message,
          "FrameIo.layer: clientSecret: is given, though a client of this kind has none; remove it, or name another kind"
        )
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("refuses a kind that there is not", () =>
      Effect.gen(function*() {
        const options: FrameIo.Options = JSON.parse(`{ "client": "oauthWebApp", "clientId": "app" }`)

        const error = yield* Person.failure(FrameIo.layerClientAuthentication(options))

        assert.strictEqual(
          error.message,
          "FrameIo.layer: client: must be webApp, singlePageApp, nativeApp or serverToServer"
        )
      }))

    it.effect("keeps the secret out of everything that can be printed", () =>
      Effect.gen(function*() {
        for (const client of ["webApp", "serverToServer"] as const) {
          const made = yield* Effect.scoped(
            Layer.build(FrameIo.layer({ client, clientId: "app", clientSecret: Redacted.make(canary) }))
          )

          assert.deepStrictEqual(leaks([...made.mapUnsafe.values()]), [])
        }
      }))
  })

  describe("me", () => {
    it.effect("asks the API who the token stands for", () =>
      Effect.gen(function*() {
        const wire = adobe()

        const profile = yield* Effect.provide(
          Effect.flatMap(Person.client(FrameIo.scopes), FrameIo.me),
          wire.layer(webApp)
        )

        assert.deepStrictEqual(profile, { id: "u-1", name: "Ada", email: "ada@example.com", avatarUrl: null })
        assert.deepStrictEqual(wire.sent.at(-1), {
          method: "GET",
          url: "https://api.frame.io/v4/me",
          headers: { authorization: "Bearer a-1" },
          body: ""
        })
      }))

    it.effect("takes the token of a server as well", () =>
      Effect.gen(function*() {
        const wire = adobe()

        const profile = yield* Effect.gen(function*() {
          const source = yield* ClientCredentials.source({ scopes: FrameIo.serverToServerScopes })
          const server = yield* AuthorizationServer.AuthorizationServer
          const client = AuthorizedHttpClient.withTokenSource(yield* HttpClient.HttpClient, source, {
            origins: server.apiOrigins
          })
          return yield* FrameIo.me(client)
        }).pipe(Effect.provide(wire.layer(FrameIo.layer(kinds().serverToServer))))

        assert.strictEqual(profile.id, "u-1")
      }))

    it.effect("asks the test server where there is one", () =>
      Effect.gen(function*() {
        const wire = adobe()

        yield* Effect.provide(
          Effect.flatMap(Person.client(FrameIo.scopes), FrameIo.me),
          wire.layer(FrameIo.layerLoopback({ ...kinds().webApp, origin }))
        )

        assert.strictEqual(wire.sent.at(-1)?.url, `${origin}/v4/me`)
      }))

    it.effect("fails with the answer's status, and shows no token", () =>
      Effect.gen(function*() {
        const wire = adobe({ accessToken: canary, api: () => TestHttp.json({ errors: [] }, { status: 403 }) })

        const error = yield* meFailure(wire)

        assert.strictEqual(error._tag === "HttpClientError" && error.reason._tag, "StatusCodeError")
        assert.deepStrictEqual(leaks(error), [])
      }))

    it.effect("names the field that does not fit, and quotes nothing", () =>
      Effect.gen(function*() {
        const wire = adobe({ api: () => TestHttp.json({ data: { id: "u-1", name: canary, email: { canary } } }) })

        const error = yield* meFailure(wire)

        assert.strictEqual(
          error.message,
          "FrameIo.me: The server's answer cannot be used (wrong-type data.email, status 200)"
        )
        assert.deepStrictEqual(leaks(error), [])
      }))
  })
})

function kinds() {
  const clientSecret = Redacted.make("s3cret")
  return {
    webApp: { client: "webApp", clientId: "app", clientSecret },
    singlePageApp: { client: "singlePageApp", clientId: "app" },
    nativeApp: { client: "nativeApp", clientId: "app" },
    serverToServer: { client: "serverToServer", clientId: "app", clientSecret }
  } as const satisfies Record<string, FrameIo.Options>
}

const webApp: OAuthClient.Provider = Layer.suspend(() => FrameIo.layer(kinds().webApp))

const origin = "http://127.0.0.1:4000"

/** Adobe's login and Frame.io's API, as their documentation shows their answers. */
const adobe = (options?: {
  readonly accessToken?: string
  readonly api?: () => TestHttp.Answer
  readonly expiresIn?: number
  readonly renewal?: () => TestHttp.Answer
}) => {
  let pair = 0
  return Wire.make((request) => {
    if (request.method === "GET") {
      return options?.api?.() ?? TestHttp.json({
        data: { id: "u-1", name: "Ada", email: "ada@example.com", avatar_url: null }
      })
    }
    if (request.url.endsWith("/revoke")) return TestHttp.empty(200)
    if (pair > 0 && options?.renewal !== undefined) return options.renewal()
    pair++
    return TestHttp.json({
      access_token: options?.accessToken ?? `a-${pair}`,
      refresh_token: `r-${pair}`,
      sub: "B0DC@c62f",
      token_type: "bearer",
      expires_in: options?.expiresIn ?? 86399
    })
  })
}

/** What Adobe answers to a client that gets no refresh token, whatever it asks for. */
const withoutRefreshToken = () =>
  Wire.make(() => TestHttp.json({ access_token: "a-1", token_type: "bearer", expires_in: 86399 }))

/** What an access token of Adobe looks like: a JWT whose lifetime is in claims of its own, as texts of milliseconds. */
const jwtWithoutExp = [
  { alg: "RS256", x5u: "ims_na1-key-at-1.cer", kid: "ims_na1-key-at-1", itt: "at" },
  { type: "access_token", client_id: "app", created_at: "1795305600000", expires_in: "86400000", scope: "openid" }
].map((part) => Base64Url.encode(JSON.stringify(part))).concat("c2ln").join(".")

const renewals = (wire: Wire.Wire) => wire.sent.filter(({ body }) => body.includes("grant_type=refresh_token")).length

const meFailure = (wire: Wire.Wire) =>
  Effect.flip(Effect.provide(Effect.flatMap(Person.client(FrameIo.scopes), FrameIo.me), wire.layer(webApp)))
