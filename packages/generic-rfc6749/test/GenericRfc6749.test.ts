import {
  AuthorizationServer,
  DeviceAuthorization,
  Login,
  Revocation,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/core"
import { ClientAssertion } from "@effect-oauth/core/jose"
import { ProviderContract, TestHttp } from "@effect-oauth/core/testing"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted, Schema } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { canary, leaks } from "../../core/test/support/secrets.ts"
import * as Wire from "../../core/test/support/Wire.ts"

describe("GenericRfc6749", () => {
  describe("ProviderContract", () => {
    for (const law of ProviderContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, GenericRfc6749.layer({ ...server, ...client })))
    }
  })

  describe("layer", () => {
    const presented = "grant_type=refresh_token&refresh_token=r-0"
    const methods: ReadonlyArray<
      readonly [name: string, GenericRfc6749.ClientOptions, headers: Record<string, string>, body: string]
    > = [
      ["nothing, without a secret", { clientId: "a:b" }, {}, "&client_id=a%3Ab"],
      ["basic, with a secret", { ...client, clientId: "a:b" }, { authorization: `Basic ${btoa("a%3Ab:s+c")}` }, ""],
      ["basic", { ...client, clientAuthentication: "basic" }, { authorization: `Basic ${btoa("app:s+c")}` }, ""],
      ["basicRaw", { ...client, clientAuthentication: "basicRaw" }, { authorization: `Basic ${btoa("app:s c")}` }, ""],
      ["post", { ...client, clientAuthentication: "post" }, {}, "&client_id=app&client_secret=s+c"]
    ]

    for (const [name, options, headers, body] of methods) {
      it.effect(`authenticates by ${name}`, () =>
        Effect.gen(function*() {
          const wire = Wire.make(() => tokens)

          yield* Effect.provide(present, wire.layer(GenericRfc6749.layer({ ...server, ...options })))

          assert.deepStrictEqual(wire.sent, [
            { method: "POST", url: "https://as.test/token", headers: Wire.form(headers), body: presented + body }
          ])
        }))
    }

    it.effect("is a public client at the device endpoint unless there is a secret [8628-5.6-a]", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => TestHttp.empty(503))
        const provider = GenericRfc6749.layer({
          ...server,
          clientId: "tv",
          deviceAuthorizationEndpoint: "https://as.test/device"
        })

        yield* DeviceAuthorization.DeviceAuthorization.use((device) => Effect.exit(device.start())).pipe(
          Effect.provide(
            DeviceAuthorization.layer.pipe(
              Layer.provide(wire.layer(provider)),
              Layer.provide(provider),
              Layer.provide(wire.http)
            )
          )
        )

        assert.deepStrictEqual(wire.sent.map(({ body, headers }) => [body, headers["authorization"]]), [
          ["client_id=tv", undefined]
        ])
      }))

    it.effect("authenticates at each endpoint by its own method", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => TestHttp.empty(200))
        const provider = GenericRfc6749.layer({
          ...server,
          ...client,
          revocationEndpoint: "https://as.test/revoke",
          clientAuthentication: { token: "basic", revocation: "post" }
        })

        yield* Effect.provide(revoke, wire.layer(provider))

        assert.deepStrictEqual(wire.sent, [
          {
            method: "POST",
            url: "https://as.test/revoke",
            headers: Wire.form(),
            body: "token=r-0&token_type_hint=refresh_token&client_id=app&client_secret=s+c"
          }
        ])
      }))

    it.effect("reads a secret that is an effect for every request", () =>
      Effect.gen(function*() {
        let reads = 0
        const clientSecret = Effect.sync(() => Redacted.make(`s${++reads}`))
        const wire = Wire.make(() => tokens)
        const provider = GenericRfc6749.layer({
          ...server,
          clientId: "app",
          clientSecret,
          clientAuthentication: "post"
        })

        yield* Effect.provide(Effect.andThen(present, present), wire.layer(provider))

        assert.deepStrictEqual(wire.sent.map(({ body }) => body.slice(presented.length)), [
          "&client_id=app&client_secret=s1",
          "&client_id=app&client_secret=s2"
        ])
      }))

    it.effect("speaks the dialect", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)
        const provider = GenericRfc6749.layer({
          ...server,
          clientId: "app",
          dialect: {
            authorization: { scopeSeparator: ",", parameters: { access_type: "offline" } },
            authorizationCode: { redirectUri: "omitted", scope: "asked", scopeSeparator: "," }
          }
        })

        const url = yield* Effect.provide(login(), wire.layer(provider))

        assert.strictEqual(
          url,
          "https://as.test/authorize?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback"
            + "&scope=read%2Cwrite&state=~&code_challenge=~&code_challenge_method=S256&access_type=offline"
        )
        assert.deepStrictEqual(wire.sent, [
          {
            method: "POST",
            url: "https://as.test/token",
            headers: Wire.form(),
            body: "grant_type=authorization_code&code=c-0&code_verifier=~&scope=read%2Cwrite&client_id=app"
          }
        ])
      }))

    it.effect("keeps secrets out of everything that can be printed", () =>
      Effect.gen(function*() {
        const clientSecret = Redacted.make(canary)
        const provider = GenericRfc6749.layer({ ...server, clientId: "app", clientSecret })

        const made = yield* Effect.scoped(Layer.build(provider))

        assert.deepStrictEqual(leaks(made), [])
        assert.deepStrictEqual(leaks(Array.from(made.mapUnsafe.values())), [])
      }))

    const refused: ReadonlyArray<readonly [what: string, Partial<GenericRfc6749.Options>, message: string]> = [
      ["an empty identifier", { clientId: "" }, "ClientAuthentication.make: clientId: is empty"],
      [
        "a secret that a public client does not have",
        { clientAuthentication: "none" },
        "GenericRfc6749.layer: clientSecret: is given, though clientAuthentication is none; remove one of the two"
      ],
      [
        "a method without its secret",
        { clientSecret: undefined, clientAuthentication: "post" },
        "GenericRfc6749.layer: clientSecret: is missing, though clientAuthentication is post"
      ],
      [
        "a secret in two places",
        { dialect: { refreshToken: { parameters: { client_secret: "s" } } } },
        "AuthorizationServer.make: dialect.refreshToken.parameters: must not name client_secret, which is sent already; remove it"
      ],
      [
        "a public client without PKCE [8252-6-a]",
        { clientSecret: undefined, dialect: { authorization: { pkce: "none" } } },
        "GenericRfc6749.layer: dialect.authorization.pkce: is none, though the client has no secret; use S256, or a client secret"
      ],
      [
        "plain http, on this machine too",
        { tokenEndpoint: "http://127.0.0.1/token" },
        "AuthorizationServer.make: tokenEndpoint: must begin with https://"
      ]
    ]

    for (const [what, options, message] of refused) {
      it.effect(`refuses ${what}`, () =>
        Effect.gen(function*() {
          const error = yield* failure(GenericRfc6749.layer({ ...server, ...client, ...options }))

          assert.strictEqual(error.message, message)
        }))
    }

    it.effect("has two halves, of which an application can replace one", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)
        const provider = Layer.merge(
          GenericRfc6749.layerAuthorizationServer(server),
          GenericRfc6749.layerClientAuthentication({ ...client, clientAuthentication: "post" })
        )

        yield* Effect.provide(present, wire.layer(provider))

        assert.deepStrictEqual(wire.sent.map(({ url }) => url), ["https://as.test/token"])
      }))
  })

  describe("layerLoopback", () => {
    it.effect("accepts plain http on this machine", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)
        const provider = GenericRfc6749.layerLoopback({ ...server, ...client, tokenEndpoint: "http://127.0.0.1:1/t" })

        yield* Effect.provide(present, wire.layer(provider))

        assert.deepStrictEqual(wire.sent.map(({ url }) => url), ["http://127.0.0.1:1/t"])
      }))

    it.effect("refuses plain http elsewhere", () =>
      Effect.gen(function*() {
        const error = yield* failure(
          GenericRfc6749.layerLoopback({ ...server, ...client, tokenEndpoint: "http://as.test/token" })
        )

        assert.strictEqual(error.message, "AuthorizationServer.make: tokenEndpoint: must begin with https://")
      }))
  })

  describe("layerConfig", () => {
    const configured = GenericRfc6749.layerConfig({
      provider: "example",
      issuer: Config.withDefault(Config.String("OAUTH_ISSUER"), undefined),
      tokenEndpoint: Config.String("OAUTH_TOKEN_ENDPOINT"),
      apiOrigins: Config.withDefault(Config.Array(Schema.String, "OAUTH_API_ORIGINS"), []),
      clientId: Config.String("OAUTH_CLIENT_ID"),
      clientSecret: Config.withDefault(Config.Redacted("OAUTH_CLIENT_SECRET"), undefined),
      clientAuthentication: Config.withDefault(
        Config.Literals(["none", "basic", "basicRaw", "post"], "OAUTH_CLIENT_AUTHENTICATION"),
        undefined
      )
    })
    const env = { OAUTH_TOKEN_ENDPOINT: "https://as.test/token", OAUTH_CLIENT_ID: "app", OAUTH_CLIENT_SECRET: "s c" }

    it.effect("reads every option that is a Config", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)

        yield* Effect.provide(present, wire.layer(configured)).pipe(withEnv(env))

        assert.deepStrictEqual(wire.sent, [
          {
            method: "POST",
            url: "https://as.test/token",
            headers: Wire.form({ authorization: `Basic ${btoa("app:s+c")}` }),
            body: "grant_type=refresh_token&refresh_token=r-0"
          }
        ])
      }))

    const refused: ReadonlyArray<readonly [what: string, Record<string, string>, message: string]> = [
      [
        "a variable that is missing",
        { ...env, OAUTH_CLIENT_ID: "" },
        "Configuration.layer: OAUTH_CLIENT_ID: is missing; set it"
      ],
      [
        "an address that is none",
        { ...env, OAUTH_TOKEN_ENDPOINT: "as.test" },
        "AuthorizationServer.make: OAUTH_TOKEN_ENDPOINT: is not an absolute URL"
      ],
      [
        "plain http",
        { ...env, OAUTH_TOKEN_ENDPOINT: "http://127.0.0.1/token" },
        "AuthorizationServer.make: OAUTH_TOKEN_ENDPOINT: must begin with https://"
      ],
      [
        "a method that is none",
        { ...env, OAUTH_CLIENT_AUTHENTICATION: "header" },
        "Configuration.layer: OAUTH_CLIENT_AUTHENTICATION: must be \"none\" | \"basic\" | \"basicRaw\" | \"post\""
      ],
      [
        "a secret that does not fit the method",
        { ...env, OAUTH_CLIENT_AUTHENTICATION: "none" },
        "GenericRfc6749.layer: OAUTH_CLIENT_SECRET: is given, though clientAuthentication is none; remove one of the two"
      ],
      [
        "a secret with a line break",
        { ...env, OAUTH_CLIENT_SECRET: `${canary}\n` },
        "ClientAuthentication.make: OAUTH_CLIENT_SECRET: contains a line break or another control character"
      ],
      [
        "an API origin with a path",
        { ...env, OAUTH_API_ORIGINS: "https://api.test/v1" },
        "AuthorizationServer.make: OAUTH_API_ORIGINS: must be origins, like https://api.example.com"
      ]
    ]

    for (const [what, env, message] of refused) {
      it.effect(`refuses ${what}, and names the variable`, () =>
        Effect.gen(function*() {
          const error = yield* failure(configured).pipe(withEnv(env))

          assert.strictEqual(error.message, message)
          assert.deepStrictEqual(leaks(error), [])
        }))
    }
  })

  describe("layerDescription", () => {
    const description = { provider: "example", tokenEndpoint: "https://as.test/token", clientAuthentication: "post" }

    it.effect("authenticates as the description says", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)

        yield* Effect.provide(
          present,
          wire.layer(GenericRfc6749.layerDescription({ description: JSON.stringify(description), ...client }))
        )

        assert.deepStrictEqual(wire.sent, [
          {
            method: "POST",
            url: "https://as.test/token",
            headers: Wire.form(),
            body: "grant_type=refresh_token&refresh_token=r-0&client_id=app&client_secret=s+c"
          }
        ])
      }))

    it.effect("authenticates as the application says, where it does", () =>
      Effect.gen(function*() {
        const wire = Wire.make(() => tokens)

        yield* Effect.provide(
          present,
          wire.layer(GenericRfc6749.layerDescription({ description, clientId: "app", clientAuthentication: "none" }))
        )

        assert.deepStrictEqual(wire.sent.map(({ body }) => body), [
          "grant_type=refresh_token&refresh_token=r-0&client_id=app"
        ])
      }))

    it.effect("refuses a description with a field that is wrong", () =>
      Effect.gen(function*() {
        const error = yield* failure(GenericRfc6749.layerDescription({ description: { provider: "a" }, ...client }))

        assert.strictEqual(error.message, "Description.decode: tokenEndpoint: is missing")
      }))

    it.effect("refuses plain http", () =>
      Effect.gen(function*() {
        const error = yield* failure(GenericRfc6749.layerDescription({
          description: { ...description, tokenEndpoint: "http://as.test/token" },
          ...client
        }))

        assert.strictEqual(error.message, "AuthorizationServer.make: tokenEndpoint: must begin with https://")
      }))
  })

  describe("layerDiscovery", () => {
    const metadata = {
      issuer: "https://as.test",
      authorization_endpoint: "https://as.test/authorize",
      token_endpoint: "https://as.test/token",
      revocation_endpoint: "https://as.test/revoke",
      authorization_response_iss_parameter_supported: true
    }
    const discover = (
      document: TestHttp.Answer | Document,
      options?: Partial<GenericRfc6749.DiscoveryOptions>
    ) => {
      const wire = Wire.make((request) =>
        request.method === "POST" ? tokens : isAnswer(document) ? document : TestHttp.json(document)
      )
      const provider = GenericRfc6749.layerDiscovery({ issuer: "https://as.test", ...client, ...options })
      return { wire, provider: Layer.provide(provider, wire.http) }
    }
    const described = (provider: ReturnType<typeof discover>["provider"]) =>
      Effect.provide(AuthorizationServer.AuthorizationServer, provider)

    it.effect("asks the issuer where its endpoints are", () =>
      Effect.gen(function*() {
        const { provider, wire } = discover(metadata)

        yield* Effect.provide(present, wire.layer(provider))

        assert.deepStrictEqual(wire.sent.map(({ method, url }) => `${method} ${url}`), [
          "GET https://as.test/.well-known/oauth-authorization-server",
          "POST https://as.test/token"
        ])
      }))

    describe("of a server whose tenants have issuers of their own", () => {
      const issuer = "https://as.test/{tenantid}/v2"
      const tenants = { issuer, issuerClaims: { tenantid: "tid" }, discoveredAt: "https://as.test/common/v2" }

      it.effect("reads the metadata where it is said to be, and keeps the issuer with its place", () =>
        Effect.gen(function*() {
          const { provider, wire } = discover({
            ...metadata,
            issuer,
            authorization_response_iss_parameter_supported: false
          }, tenants)

          const server = yield* described(provider)

          assert.deepStrictEqual(wire.sent.map(({ url }) => url), [
            "https://as.test/.well-known/oauth-authorization-server/common/v2"
          ])
          assert.deepStrictEqual([server.issuer, server.issuerClaims], [issuer, { tenantid: "tid" }])
          assert.notProperty(server, "discoveredAt")
        }))

      for (
        const said of ["https://as.test/common/v2", "https://as.test/{tenant}/v2", "https://other.test/{tenantid}/v2"]
      ) {
        it.effect(`is refused if its metadata names ${said}`, () =>
          Effect.gen(function*() {
            const error = yield* Effect.flip(described(discover({ ...metadata, issuer: said }, tenants).provider))

            assert.deepInclude(error.reason, { _tag: "MetadataInvalid", problem: "issuer-mismatch", issuer })
          }))
      }

      it.effect("is not taken for one, where nothing is said of places", () =>
        Effect.gen(function*() {
          const options = { issuer: "https://as.test/common/v2" }

          const error = yield* Effect.flip(described(discover({ ...metadata, issuer }, options).provider))

          assert.deepInclude(error.reason, { _tag: "MetadataInvalid", problem: "issuer-mismatch" })
        }))

      const refused: ReadonlyArray<
        readonly [what: string, options: Partial<GenericRfc6749.DiscoveryOptions>, field: string, problem: RegExp]
      > = [
        ["no claim for the place", { ...tenants, issuerClaims: undefined }, "issuer", /has a place for tenantid/],
        [
          "a claim for another place",
          { ...tenants, issuerClaims: { tenant: "tid" } },
          "issuer",
          /a place for tenantid/
        ],
        ["nowhere to read", { ...tenants, discoveredAt: undefined }, "discoveredAt", /is missing/],
        [
          "somewhere to read for an issuer without places",
          {
            issuer: "https://as.test",
            discoveredAt: "https://evil.test"
          },
          "discoveredAt",
          /is named, though the issuer has no places/
        ]
      ]
      for (const [what, options, field, problem] of refused) {
        it.effect(`is refused: ${what}, and asks nobody`, () =>
          Effect.gen(function*() {
            const { provider, wire } = discover({ ...metadata, issuer }, options)

            const { reason } = yield* Effect.flip(described(provider))

            assert.deepInclude(reason, { _tag: "ConfigurationInvalid", field })
            assert.match(reason._tag === "ConfigurationInvalid" ? reason.problem : "", problem)
            assert.deepStrictEqual(wire.sent, [])
          }))
      }
    })

    it.effect("asks once for all that share a reader of metadata", () =>
      Effect.gen(function*() {
        const { provider, wire } = discover(metadata)
        const build = Layer.build(Layer.fresh(provider))

        yield* Effect.all([build, build, build]).pipe(
          Effect.provide(ServerMetadata.layer.pipe(Layer.provide(wire.http))),
          Effect.scoped
        )

        assert.lengthOf(wire.sent, 1)
      }))

    it.effect("describes the server as it describes itself", () =>
      Effect.gen(function*() {
        const server = yield* described(discover(metadata).provider)

        assert.strictEqual(server.provider, "as-test")
        assert.strictEqual(server.issuer, "https://as.test")
        assert.strictEqual(server.revocationEndpoint, "https://as.test/revoke")
        assert.strictEqual(server.dialect.authorization.issuer, "required")
      }))

    it.effect("lets what is named go before what the server says", () =>
      Effect.gen(function*() {
        const { provider } = discover(metadata, {
          provider: "example",
          revocationEndpoint: "https://as.test/other",
          dialect: { authorization: { scopeSeparator: "," } }
        })

        const server = yield* described(provider)

        assert.strictEqual(server.provider, "example")
        assert.strictEqual(server.revocationEndpoint, "https://as.test/other")
        assert.deepStrictEqual([server.dialect.authorization.scopeSeparator, server.dialect.authorization.issuer], [
          ",",
          "required"
        ])
      }))

    for (
      const [listed, authorization] of [
        [undefined, true],
        [["client_secret_post", "client_secret_basic"], true],
        [["client_secret_post"], false]
      ] as const
    ) {
      it.effect(`authenticates by ${authorization ? "basic" : "post"} where the server lists ${listed?.join(" and ") ?? "nothing"} [6749-2.3.1-b] [2.1-2.4.1-b]`, () =>
        Effect.gen(function*() {
          const { provider, wire } = discover({
            ...metadata,
            ...(listed === undefined ? {} : { token_endpoint_auth_methods_supported: listed })
          })

          yield* Effect.provide(present, wire.layer(provider))

          assert.strictEqual(wire.sent.at(-1)?.headers["authorization"] !== undefined, authorization)
        }))
    }

    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" })
    const jwk = Redacted.make({ ...key, alg: "ES256" })
    const both = { clientId: "app", key: { jwk }, clientSecret: Redacted.make("s".repeat(32)) }
    const choices: Record<
      string,
      readonly [Partial<GenericRfc6749.DiscoveryOptions>, ReadonlyArray<string>, method: string]
    > = {
      "a key that the server verifies": [
        { signer: ClientAssertion.signer({ jwk }), clientSecret: undefined },
        ["client_secret_basic", "private_key_jwt"],
        "assertion ES256"
      ],
      "a key before a secret": [
        { signer: ClientAssertion.signer({ jwk }) },
        ["client_secret_basic", "private_key_jwt"],
        "assertion ES256"
      ],
      "a secret where the server verifies no key": [
        { signer: ClientAssertion.signer({ jwk }) },
        ["client_secret_basic"],
        "header"
      ],
      "what the application chooses by the metadata: a key": [
        { clientAuthentication: (metadata) => ClientAssertion.fromMetadata(metadata, both) },
        ["private_key_jwt", "client_secret_jwt"],
        "assertion ES256"
      ],
      "what the application chooses by the metadata: a secret that signs": [
        { clientAuthentication: (metadata) => ClientAssertion.fromMetadata(metadata, both) },
        ["client_secret_jwt"],
        "assertion HS256"
      ],
      "what the application chooses by the metadata: a secret in the body": [
        { clientAuthentication: (metadata) => ClientAssertion.fromMetadata(metadata, both) },
        ["client_secret_post"],
        "body"
      ]
    }
    for (const [name, [options, methods, expected]] of Object.entries(choices)) {
      it.effect(`authenticates once, and by ${name}`, () =>
        Effect.gen(function*() {
          const { provider, wire } = discover({
            ...metadata,
            token_endpoint_auth_methods_supported: methods,
            token_endpoint_auth_signing_alg_values_supported: ["ES256", "HS256"]
          }, options)

          yield* Effect.provide(present, wire.layer(provider))

          const asked = wire.sent.filter(({ method }) => method === "POST")
          const { body = "", headers = {} } = asked[0] ?? {}
          const assertion = new URLSearchParams(body).get("client_assertion")
          const shown = headers["authorization"] !== undefined
            ? "header"
            : assertion === null
            ? "body"
            : `assertion ${JSON.parse(atob(assertion.split(".")[0] ?? "")).alg}`
          assert.deepStrictEqual([asked.length, shown], [1, expected])
        }))
    }

    it.effect("is not built where the server does not verify the one thing that the client has", () =>
      Effect.gen(function*() {
        const { provider, wire } = discover({ ...metadata, token_endpoint_auth_methods_supported: ["none"] }, {
          clientSecret: undefined,
          signer: ClientAssertion.signer({ jwk })
        })

        const error = yield* Effect.flip(Effect.provide(present, wire.layer(provider)))

        assert.strictEqual(
          error.message,
          "GenericRfc6749.layer: signer: is of no use here: the server does not list private_key_jwt"
        )
      }))

    const refused: ReadonlyArray<readonly [what: string, TestHttp.Answer | Document, message: string]> = [
      [
        "a server that takes no secret",
        { ...metadata, token_endpoint_auth_methods_supported: ["private_key_jwt"] },
        "GenericRfc6749.layer: clientAuthentication: is not named, and the server lists neither client_secret_basic nor client_secret_post; name one"
      ],
      [
        "a server that lists methods of PKCE without S256 [2.1-7.10-a] [7636-7.2-c]",
        { ...metadata, code_challenge_methods_supported: ["plain"] },
        "GenericRfc6749.layer: dialect.authorization.pkce: is not named, and the server does not list S256; name the method to use"
      ],
      [
        "a server without a token endpoint",
        { issuer: "https://as.test" },
        "ServerMetadata.toOptions: The metadata of https://as.test cannot be used (missing token_endpoint)"
      ],
      [
        "a server that is another one",
        { ...metadata, issuer: "https://other.test" },
        "ServerMetadata.get: The metadata of https://as.test cannot be used (issuer-mismatch issuer)"
      ],
      [
        "a server without metadata",
        TestHttp.empty(404),
        "ServerMetadata.get: The metadata of https://as.test cannot be used (not-found)"
      ]
    ]

    for (const [what, document, message] of refused) {
      it.effect(`refuses ${what}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(described(discover(document).provider))

          assert.strictEqual(error.message, message)
        }))
    }

    it.effect("uses plain only where that is named [7636-7.2-b]", () =>
      Effect.gen(function*() {
        const { provider } = discover({ ...metadata, code_challenge_methods_supported: ["plain"] }, {
          dialect: { authorization: { pkce: "insecure-plain" } }
        })

        const server = yield* described(provider)

        assert.strictEqual(server.dialect.authorization.pkce, "insecure-plain")
      }))

    const pushed = { ...metadata, pushed_authorization_request_endpoint: "https://as.test/par" }

    it.effect("pushes logins where the server takes them so", () =>
      Effect.gen(function*() {
        const server = yield* described(discover(pushed).provider)

        assert.strictEqual(server.pushedAuthorizationRequestEndpoint, "https://as.test/par")
        assert.strictEqual(server.dialect.authorization.pushed, "offered")
      }))

    it.effect("refuses never to push to a server that takes nothing else [9126-5-a]", () =>
      Effect.gen(function*() {
        const document = { ...pushed, require_pushed_authorization_requests: true }
        const options = { dialect: { authorization: { pushed: "never" } } } as const

        const error = yield* Effect.flip(described(discover(document, options).provider))

        assert.strictEqual(
          error.message,
          "GenericRfc6749.layer: dialect.authorization.pushed: is never, though the server takes pushed requests only; remove it"
        )
      }))

    for (
      const [announced, named, expected] of [
        [true, undefined, "required"],
        [false, undefined, "refused"],
        [false, "optional", "optional"]
      ] as const
    ) {
      it.effect(`wants iss ${expected} of a server that ${announced ? "announces it" : "does not"}${named === undefined ? "" : ", where that is named"} [9207-2.4-k]`, () =>
        Effect.gen(function*() {
          const { provider } = discover(
            { ...metadata, authorization_response_iss_parameter_supported: announced },
            named === undefined ? {} : { dialect: { authorization: { issuer: named } } }
          )

          const server = yield* described(provider)

          assert.strictEqual(server.dialect.authorization.issuer, expected)
        }))
    }

    it.effect("refuses plain http, which layerDiscoveryLoopback accepts on this machine", () =>
      Effect.gen(function*() {
        const issuer = "http://127.0.0.1:4000"
        const wire = Wire.make(() => TestHttp.json({ issuer, token_endpoint: `${issuer}/token` }))
        const options = { issuer, ...client }

        const error = yield* Effect.flip(
          described(Layer.provide(GenericRfc6749.layerDiscovery(options), wire.http))
        )
        const server = yield* described(Layer.provide(GenericRfc6749.layerDiscoveryLoopback(options), wire.http))

        assert.isFalse(error.isTransient)
        assert.strictEqual(server.provider, "127-0-0-1-4000")
        assert.strictEqual(server.tokenEndpoint, `${issuer}/token`)
      }))
  })
})

const server: AuthorizationServer.Options = {
  provider: "example",
  authorizationEndpoint: "https://as.test/authorize",
  tokenEndpoint: "https://as.test/token",
  apiOrigins: ["https://api.test"]
}

const client = { clientId: "app", clientSecret: Redacted.make("s c") }

const tokens = TestHttp.json({ access_token: "a-1", token_type: "Bearer", expires_in: 3600, refresh_token: "r-1" })

type Document = Readonly<Record<string, Schema.Json>>

const isAnswer = (document: TestHttp.Answer | Document): document is TestHttp.Answer => "status" in document

const present = Effect.flatMap(
  TokenEndpoint.TokenEndpoint,
  (endpoint) => endpoint.request(TokenRequest.refreshToken({ refreshToken: Redacted.make("r-0") }))
)

const revoke = Effect.flatMap(
  Revocation.Revocation,
  (revocation) => revocation.revoke(Redacted.make("r-0"), "refresh_token")
)

/** Logs in, and gives where the browser was sent. */
const login = Effect.fnUntraced(function*() {
  const login = yield* Login.Login
  const { state, url } = yield* login.begin({
    account: "ada",
    redirectUri: "https://app.test/callback",
    scopes: ["read", "write"]
  })
  yield* login.complete(`https://app.test/callback?code=c-0&state=${Redacted.value(state)}`)
  return Wire.mask(url)
})

const failure = <A, E>(layer: Layer.Layer<A, E>) => Effect.flip(Effect.scoped(Layer.build(layer)))

const withEnv = (env: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
