import {
  AuthorizationServer,
  BackchannelAuthentication,
  ClientAuthentication,
  ClientCertificate,
  DeviceAuthorization,
  Introspection,
  MutualTls,
  type OAuthError,
  PushedAuthorization,
  Revocation,
  ServerMetadata,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result, Struct } from "effect"
import { HttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { json, type Recorded, recording } from "./support/http.ts"

describe("MutualTls", () => {
  describe("layer", () => {
    const refresh = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })
    const calls: Record<string, Effect.Effect<unknown, OAuthError.OAuthError, Services>> = {
      token: TokenEndpoint.TokenEndpoint.use((_) => _.request(TokenRequest.clientCredentials())),
      refresh: TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)),
      revocation: Revocation.Revocation.use((_) => _.revoke(Redacted.make("t"))),
      introspection: Introspection.Introspection.use((_) => _.introspect(Redacted.make("t"))),
      device: DeviceAuthorization.DeviceAuthorization.use((_) => _.start()),
      backchannel: BackchannelAuthentication.BackchannelAuthentication.use((_) =>
        _.start({ loginHint: "ada", scopes: ["openid"] })
      ),
      pushed: PushedAuthorization.PushedAuthorization.use((_) => _.push([["state", "s"]]))
    }
    for (const [name, call] of Object.entries(calls)) {
      for (const method of ["tls_client_auth", "self_signed_tls_client_auth"] as const) {
        it.effect(`names the client, and proves it by nothing in the request: ${name}, ${method} [8705-2-b]`, () =>
          Effect.gen(function*() {
            const { layer, requests } = setting({ method })

            yield* Effect.ignore(Effect.provide(call, layer))

            const body = new URLSearchParams(requests[0]?.body)
            assert.strictEqual(body.get("client_id"), "app")
            assert.isFalse(body.has("client_secret") || body.has("client_assertion"))
            assert.isUndefined(requests[0]?.headers["authorization"])
          }))
      }

      it.effect(`goes to the address for certificates, or to the usual one where there is none: ${name} [8705-5-a]`, () =>
        Effect.gen(function*() {
          const [aliased, usual] = [setting({}), setting({ mtlsEndpointAliases: {} })]

          yield* Effect.ignore(Effect.provide(call, aliased.layer))
          yield* Effect.ignore(Effect.provide(call, usual.layer))

          const hosts = [aliased, usual].map(({ requests }) => new URL(requests[0]?.url ?? "").host)
          assert.deepStrictEqual(hosts, ["mtls.as.example", "as.example"])
        }))
    }

    it.effect("is no public client: tokens of the client's own are got", () =>
      Effect.gen(function*() {
        const { layer, requests } = setting({})

        yield* Effect.provide(calls["token"] ?? Effect.void, layer)

        assert.strictEqual(new URLSearchParams(requests[0]?.body).get("grant_type"), "client_credentials")
      }))

    it.effect("binds tokens to the certificate, and no refresh token of a client that is known", () =>
      Effect.gen(function*() {
        const { layer } = setting({})

        const tokens = yield* Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)

        assert.deepStrictEqual([tokens.thumbprint, tokens.refreshTokenThumbprint], ["x5t#S256:one", undefined])
      }))

    it.effect("binds no tokens where the client is not registered for it", () =>
      Effect.gen(function*() {
        const { layer } = setting({ tokens: "unbound" })

        const tokens = yield* Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)

        assert.isUndefined(tokens.thumbprint)
      }))

    it.effect("tries once more where the server does not know the client and the certificate is another by now", () =>
      Effect.gen(function*() {
        let reads = 0
        const { layer, requests } = setting({
          current: Effect.sync(() => ClientCertificate.name(`${++reads}`)),
          answer: () => json({ error: "invalid_client" }, { status: 401 })
        })

        yield* Effect.ignore(Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer))

        assert.lengthOf(requests, 2)
      }))
  })

  describe("layerBound", () => {
    it.effect("binds a public client's refresh token too [8705-4-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = bound(ClientAuthentication.none({ clientId: "app" }))
        const refresh = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") })

        const tokens = yield* Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)

        assert.deepStrictEqual([tokens.thumbprint, tokens.refreshTokenThumbprint], ["x5t#S256:one", "x5t#S256:one"])
        assert.strictEqual(new URL(requests[0]?.url ?? "").host, "mtls.as.example")
      }))

    it.effect("sends no refresh token that is bound to another certificate [8705-4-a]", () =>
      Effect.gen(function*() {
        const { layer, requests } = bound(ClientAuthentication.none({ clientId: "app" }))
        const refresh = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt"), thumbprint: "x5t#S256:two" })

        const error = yield* Effect.flip(
          Effect.provide(TokenEndpoint.TokenEndpoint.use((_) => _.request(refresh)), layer)
        )

        assert.deepInclude(error.reason, { _tag: "KeyUnavailable", use: "certificate", keyId: "x5t#S256:two" })
        assert.lengthOf(requests, 0)
      }))

    it.effect("leaves a client its own authentication", () =>
      Effect.gen(function*() {
        const { layer, requests } = bound(
          ClientAuthentication.post({ clientId: "app", clientSecret: Redacted.make("s") })
        )

        yield* Effect.provide(
          TokenEndpoint.TokenEndpoint.use((_) => _.request(TokenRequest.clientCredentials())),
          layer
        )

        assert.strictEqual(new URLSearchParams(requests[0]?.body).get("client_secret"), "s")
      }))
  })

  describe("a certificate that is replaced", () => {
    it.effect("costs a renewal each time, however soon it is replaced again", () =>
      Effect.gen(function*() {
        const { replace, service } = yield* renewing
        const token = service.token(service.key("ada"))

        yield* token
        replace("two")
        const second = yield* token
        yield* TestClock.adjust("20 seconds")
        replace("three")
        const third = yield* token

        assert.strictEqual(second.thumbprint, "x5t#S256:two")
        assert.strictEqual(third.thumbprint, "x5t#S256:three")
      }).pipe(Effect.provide(replaceable)))

    it.effect("is waited for where a token is as young as the least time between renewals", () =>
      Effect.gen(function*() {
        const { replace, service } = yield* renewing
        const token = service.token(service.key("ada"))

        yield* token
        replace("two")
        yield* token
        replace("three")
        const young = yield* Effect.flip(token)
        yield* TestClock.adjust("11 seconds")
        const third = yield* token

        assert.deepInclude(young.reason, { _tag: "KeyUnavailable", use: "certificate" })
        assert.strictEqual(third.thumbprint, "x5t#S256:three")
      }).pipe(Effect.provide(replaceable)))
  })

  describe("aliased", () => {
    it("sends the browser where it went [8705-5-b]", () => {
      const server = Result.getOrThrow(described({
        mtlsEndpointAliases: {
          authorization_endpoint: "https://mtls.as.example/authorize",
          end_session_endpoint: "https://mtls.as.example/end",
          token_endpoint: "https://mtls.as.example/token"
        }
      }))

      const aliased = MutualTls.aliased(server)

      assert.strictEqual(aliased.authorizationEndpoint, "https://as.example/authorize")
      assert.strictEqual(aliased.tokenEndpoint, "https://mtls.as.example/token")
      assert.strictEqual(aliased.endSessionEndpoint, server.endSessionEndpoint)
    })

    it("adds no endpoint that the server does not have", () => {
      const server = Result.getOrThrow(described({
        revocationEndpoint: undefined,
        mtlsEndpointAliases: { revocation_endpoint: "https://mtls.as.example/revoke" }
      }))

      assert.isUndefined(MutualTls.aliased(server).revocationEndpoint)
    })

    it("has the addresses of the server's metadata", () => {
      const aliases = { token_endpoint: "https://mtls.as.example/token" }
      const found = Result.getOrThrow(ServerMetadata.toOptions({
        issuer: "https://as.example",
        tokenEndpoint: "https://as.example/token",
        mtlsEndpointAliases: aliases,
        issParameterSupported: false,
        requirePushedAuthorizationRequests: false,
        requireSignedRequestObject: false,
        members: {}
      }))

      assert.deepStrictEqual(found.mtlsEndpointAliases, aliases)
    })

    it("takes no address by plain http", () => {
      const made = described({ mtlsEndpointAliases: { token_endpoint: "http://as.example/token" } })

      assert.strictEqual(
        Result.isFailure(made) && made.failure.message,
        "AuthorizationServer.make: mtlsEndpointAliases.token_endpoint: must begin with https://"
      )
    })
  })

  describe("origins", () => {
    it("are those of the endpoints that the client calls, and of the APIs", () => {
      const server = Result.getOrThrow(described({ apiOrigins: ["https://api.example"] }))

      assert.deepStrictEqual(MutualTls.origins(MutualTls.aliased(server)), [
        "https://mtls.as.example",
        "https://api.example"
      ])
    })
  })

  describe("registration", () => {
    it("names the certificate once [8705-2.1.2-a]", () => {
      assert.deepStrictEqual(
        Result.getOrThrow(MutualTls.registration({ tls_client_auth_san_dns: "app.example" })),
        {
          tls_client_auth_san_dns: "app.example",
          token_endpoint_auth_method: "tls_client_auth",
          tls_client_certificate_bound_access_tokens: true
        }
      )
    })

    it("refuses two names, none, and an empty one [8705-2.1.2-a]", () => {
      const two: object = { tls_client_auth_san_dns: "app.example", tls_client_auth_subject_dn: "CN=app" }
      for (const subject of [two, {}, { tls_client_auth_san_dns: "" }]) {
        assert.isTrue(Result.isFailure(MutualTls.registration(subject as MutualTls.Subject)), JSON.stringify(subject))
      }
    })
  })

  describe("ClientCertificate.layerFetch", () => {
    it.effect("says that fetch shows no certificate", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Effect.provide(ClientCertificate.ClientCertificate, ClientCertificate.layerFetch)
        )

        assert.deepInclude(error.reason, { _tag: "ConfigurationInvalid", field: "clientCertificate" })
      }))
  })
})

type Services =
  | BackchannelAuthentication.BackchannelAuthentication
  | DeviceAuthorization.DeviceAuthorization
  | Introspection.Introspection
  | PushedAuthorization.PushedAuthorization
  | Revocation.Revocation
  | TokenEndpoint.TokenEndpoint

/** A server and a store, for a client whose certificate is replaced. */
const replaceable = Layer.mergeAll(
  TestAuthorizationServer.layer(),
  TestCrypto.layer(),
  // without notifications, so that nothing else has what is known looked at again
  Layer.effect(TokenStore.TokenStore, Effect.map(TokenStore.makeMemory, Struct.omit(["changes"]))),
  Layer.succeed(Revocation.Revocation, { revoke: () => Effect.succeed("done") })
)

/** A service over it, with the grant of an account, and what replaces the certificate. */
const renewing = Effect.gen(function*() {
  let current = "one"
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const client = MutualTls.bound(yield* ClientAuthentication.ClientAuthentication, {
    current: Effect.sync(() => ClientCertificate.name(current)),
    holds: (name) => name === ClientCertificate.name(current),
    client: () => server.httpClient("client")
  })
  const service = yield* TokenService.make().pipe(
    Effect.provide(TokenEndpoint.layer),
    Effect.provideService(ClientAuthentication.ClientAuthentication, client)
  )
  const issued = yield* server.issue()
  yield* service.adopt(service.key("ada"), { ...issued, thumbprint: ClientCertificate.name("one") })
  yield* TestClock.adjust("1 minute")
  return {
    service,
    replace: (name: string) => {
      current = name
    }
  }
})

const described = (options: Partial<AuthorizationServer.Options>): AuthorizationServer.Made => {
  const names = [
    "backchannel_authentication",
    "token",
    "revocation",
    "introspection",
    "device_authorization",
    "pushed_authorization_request"
  ]
  return AuthorizationServer.make({
    provider: "acme",
    issuer: "https://as.example",
    authorizationEndpoint: "https://as.example/authorize",
    tokenEndpoint: "https://as.example/token",
    revocationEndpoint: "https://as.example/revocation",
    introspectionEndpoint: "https://as.example/introspection",
    deviceAuthorizationEndpoint: "https://as.example/device",
    backchannelAuthenticationEndpoint: "https://as.example/ciba",
    pushedAuthorizationRequestEndpoint: "https://as.example/par",
    mtlsEndpointAliases: Object.fromEntries(
      names.map((name) => [`${name}_endpoint`, `https://mtls.as.example/${name}`])
    ),
    ...options
  })
}

interface Options extends Partial<AuthorizationServer.Options> {
  readonly method?: MutualTls.Method
  readonly tokens?: "bound" | "unbound"
  readonly current?: Effect.Effect<string>
  readonly answer?: (request: Recorded) => Response
}

const granted = () => json({ access_token: "at", token_type: "Bearer", refresh_token: "rt2" })

const over = (
  client: Layer.Layer<
    MutualTls.MutualTls,
    OAuthError.OAuthError,
    AuthorizationServer.AuthorizationServer | ClientCertificate.ClientCertificate
  >,
  { answer = granted, current = Effect.succeed(ClientCertificate.name("one")), ...options }: Options
) => {
  const http = recording((request) => Effect.sync(() => answer(request)))
  const certificate = Layer.effect(
    ClientCertificate.ClientCertificate,
    Effect.map(HttpClient.HttpClient, (client) => ({
      current,
      holds: (name: string) => name === ClientCertificate.name("one"),
      client: () => client
    }))
  )
  const layer = Layer.mergeAll(
    BackchannelAuthentication.layer({ mode: "poll" }),
    DeviceAuthorization.layer,
    Introspection.layer,
    PushedAuthorization.layer,
    Revocation.layer
  ).pipe(
    Layer.provideMerge(TokenEndpoint.layer),
    Layer.provide(client),
    Layer.provide(AuthorizationServer.layer(described(options))),
    Layer.provide(Layer.provide(certificate, http.client))
  )
  return { layer, requests: http.requests }
}

const setting = ({ method = "tls_client_auth", tokens, ...options }: Options) =>
  over(MutualTls.layer({ clientId: "app", method, tokens }), options)

const bound = (made: ClientAuthentication.Made) =>
  over(Layer.provide(MutualTls.layerBound, ClientAuthentication.layer(made)), {})
