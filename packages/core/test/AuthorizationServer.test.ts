import { AuthorizationServer, Dialect, RotationPolicy } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"

describe("AuthorizationServer", () => {
  describe("distinct", () => {
    const issuer = "https://as.test"

    it("gives the servers of an application", () => {
      const made = AuthorizationServer.distinct(
        AuthorizationServer.make({ ...least, issuer }),
        AuthorizationServer.make({ ...least, issuer: `${issuer}/other` }),
        AuthorizationServer.make(least),
        AuthorizationServer.make(least)
      )

      assert.deepStrictEqual(Result.getOrThrow(made).map((server) => server.issuer), [
        issuer,
        `${issuer}/other`,
        undefined,
        undefined
      ])
    })

    it("refuses two of one issuer [9207-4-b] [9207-4-c]", () => {
      const made = AuthorizationServer.distinct(
        AuthorizationServer.make({ ...least, provider: "one", issuer }),
        AuthorizationServer.make({ ...least, provider: "two", issuer, tokenEndpoint: "https://evil.test/token" })
      )

      assert.strictEqual(
        Result.isFailure(made) ? made.failure.message : "",
        "AuthorizationServer.distinct: issuer: https://as.test is that of two authorization servers; describe it once"
      )
    })
  })

  describe("make", () => {
    it("is of the RFCs where nothing else is said", () => {
      const server = Result.getOrThrow(AuthorizationServer.make(least))

      assert.deepStrictEqual(server, {
        ...least,
        dialect: Dialect.rfc6749,
        rotation: RotationPolicy.unknown,
        apiOrigins: []
      })
    })

    for (
      const [what, options, field, problem] of [
        ["a provider without a name", { provider: "" }, "provider", "is empty; name the provider"],
        ["an address that is none", { tokenEndpoint: "/token" }, "tokenEndpoint", "is not an absolute URL"],
        ["plain http", { tokenEndpoint: "http://as.test/token" }, "tokenEndpoint", "must begin with https://"],
        [
          "plain http on this machine",
          { revocationEndpoint: "http://127.0.0.1/r" },
          "revocationEndpoint",
          "must begin with https://"
        ],
        [
          "a secret in an address",
          { tokenEndpoint: "https://as.test/token?client_secret=s" },
          "tokenEndpoint",
          "must not hold client_secret; client authentication sends it"
        ],
        [
          "a user name in an address",
          { issuer: "https://a:b@as.test" },
          "issuer",
          "must not contain a user name or password"
        ],
        [
          "a fragment in the token endpoint, where the login's may be read",
          { tokenEndpoint: "https://as.test/#/token", dialect: { authorization: { fragment: "read" } } },
          "tokenEndpoint",
          "must not contain a fragment"
        ],
        [
          "an empty name for the redirect URI",
          { dialect: { authorization: { redirectName: "" } } },
          "dialect.authorization.redirectName",
          "is empty"
        ],
        ["a fragment in an address", { issuer: "https://as.test/#a" }, "issuer", "must not contain a fragment"],
        [
          "an API origin with a path",
          { apiOrigins: ["https://api.test/v1"] },
          "apiOrigins",
          "must be origins, like https://api.example.com"
        ],
        ["an API origin by plain http", { apiOrigins: ["http://api.test"] }, "apiOrigins", "must begin with https://"],
        [
          "an API origin that is named twice",
          { apiOrigins: ["https://api.test", "https://api.test"] },
          "apiOrigins",
          "names an origin twice"
        ],
        [
          "a secret among the parameters of a leg",
          { dialect: { refreshToken: { parameters: { client_secret: "s" } } } },
          "dialect.refreshToken.parameters",
          "must not name client_secret, which is sent already; remove it"
        ],
        [
          "an empty separator",
          { dialect: { clientCredentials: { scopeSeparator: "" } } },
          "dialect.clientCredentials.scopeSeparator",
          "is empty"
        ],
        [
          "a token among what is kept",
          { dialect: { response: { keep: ["refresh_token"] } } },
          "dialect.response.keep",
          "must not name refresh_token, which is secret; remove it"
        ],
        [
          "answers that name an issuer that is not known",
          { authorizationEndpoint: "https://as.test/authorize", dialect: { authorization: { issuer: "required" } } },
          "issuer",
          "is missing, though dialect.authorization.issuer says that answers name it"
        ]
      ] satisfies ReadonlyArray<readonly [string, Partial<AuthorizationServer.Options>, string, string]>
    ) {
      it(`refuses ${what}`, () => {
        const error = Result.getOrThrow(Result.flip(AuthorizationServer.make({ ...least, ...options })))

        assert.strictEqual(error.message, `AuthorizationServer.make: ${field}: ${problem}`)
      })
    }
  })

  describe("makeLoopback", () => {
    for (const host of ["127.0.0.1:4000", "127.9.9.9", "[::1]:4000", "localhost"]) {
      it(`accepts plain http at ${host}`, () => {
        const made = AuthorizationServer.makeLoopback({ ...least, tokenEndpoint: `http://${host}/token` })

        assert.isTrue(Result.isSuccess(made))
      })
    }

    for (const host of ["as.test", "127.0.0.1.as.test", "localhost.as.test", "192.168.1.1"]) {
      it(`refuses plain http at ${host}`, () => {
        const made = AuthorizationServer.makeLoopback({ ...least, tokenEndpoint: `http://${host}/token` })

        assert.isTrue(Result.isFailure(made))
      })
    }
  })

  describe("layer", () => {
    it.effect("fails with what is wrong", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Effect.scoped(Layer.build(AuthorizationServer.layer(AuthorizationServer.make({ ...least, provider: "" }))))
        )

        assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
      }))
  })

  describe("key", () => {
    it("is another one at another token endpoint", () => {
      const [one, other] = ["https://as.test/token", "https://as.test/other"].map((tokenEndpoint) =>
        AuthorizationServer.key(Result.getOrThrow(AuthorizationServer.make({ ...least, tokenEndpoint })), {
          client: "app",
          account: "ada"
        })
      )

      assert.notStrictEqual(one?.id, other?.id)
    })

    it("holds the issuer where there is one", () => {
      const server = Result.getOrThrow(AuthorizationServer.make({ ...least, issuer: "https://as.test" }))

      assert.strictEqual(AuthorizationServer.key(server, { client: "app", account: "ada" }).issuer, "https://as.test")
    })
  })
})

const least: AuthorizationServer.Options = { provider: "test", tokenEndpoint: "https://as.test/token" }
