/** Against `oidc-provider`, over sockets: its own discovery, its own pages, its own tokens. */
import {
  ClientCredentials,
  DeviceAuthorization,
  Dpop,
  Grant,
  Introspection,
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  Target,
  TokenEndpoint,
  TokenExchange,
  TokenRequest,
  TokenService,
  TokenSource,
  TokenStore
} from "@effect-oauth/core"
import { ClientAssertion } from "@effect-oauth/core/jose"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Option, Redacted, Schedule } from "effect"
import { HttpClientRequest } from "effect/http"
import { generateKeyPairSync } from "node:crypto"
import { type ClientMetadata, type Configuration, errors, Provider } from "oidc-provider"
import { follow, visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("oidc-provider", () => {
  it.live("is found by its issuer, and logs a person in by code and PKCE", () =>
    Effect.gen(function*() {
      const { login, service } = yield* services
      const begun = yield* login.begin({ ...ada, scopes: ["openid"] })

      const { url } = yield* visit(begun.url)
      const { key } = yield* login.complete(url)

      const token = yield* service.token(key)
      const issuer = Option.getOrThrow(yield* service.status(key)).key.issuer
      assert.strictEqual((yield* userinfo(issuer, token.value)).status, 200)
      assert.strictEqual(new URL(url).searchParams.get("iss"), issuer)
    }).pipe(withClient("public", { dialect: { authorization: { pushed: "never" } } })))

  it.live("tells of a person who declines", () =>
    Effect.gen(function*() {
      const { login } = yield* services
      const begun = yield* login.begin(ada)

      const { url } = yield* visit(begun.url, follow("Cancel"))

      assert.strictEqual(reasonOf(yield* Effect.flip(login.complete(url))), "AuthorizationRefused access_denied")
    }).pipe(withClient("public")))

  it.live("rotates refresh tokens, and the grant goes on and on", () =>
    Effect.gen(function*() {
      const { service } = yield* services
      const key = yield* loggedIn()

      const values = [yield* service.token(key)]
      for (let i = 0; i < 3; i++) values.push(yield* service.refresh(key))

      const status = Option.getOrThrow(yield* service.status(key))
      assert.strictEqual(new Set(values.map(({ value }) => Redacted.value(value))).size, 4)
      assert.deepStrictEqual([status.state._tag, status.serial], ["Active", 4])
    }).pipe(withClient("public")))

  it.live("ends the grant when a spent refresh token is shown to it, and that is told", () =>
    Effect.gen(function*() {
      const { endpoint, service } = yield* services
      const store = yield* TokenStore.TokenStore
      const key = yield* loggedIn()
      const { grant } = yield* store.read(key)
      const spent = grant === undefined ? undefined : Grant.refreshToken(grant)
      yield* service.refresh(key)

      const shown = yield* endpoint.exchange(
        TokenRequest.refreshToken({ refreshToken: spent ?? assert.fail("there is no refresh token") })
      )
      const error = yield* Effect.flip(service.refresh(key))

      assert.isTrue(shown._tag === "Refused" && shown.endsGrant)
      assert.strictEqual(reasonOf(error), "ReauthorizationRequired")
    }).pipe(withClient("confidential")))

  it.live("says of a token whether it is good, until it is revoked", () =>
    Effect.gen(function*() {
      const { service } = yield* services
      const introspection = yield* Introspection.Introspection
      const key = yield* loggedIn()
      const { value } = yield* service.token(key)

      const before = yield* introspection.introspect(value)
      const revoked = yield* service.revoke(key)
      const after = yield* introspection.introspect(value)

      assert.deepStrictEqual([before._tag, revoked, after._tag], ["Active", "done", "Inactive"])
      assert.strictEqual(before._tag === "Active" && before.clientId, "confidential")
      assert.strictEqual(reasonOf(yield* Effect.flip(service.token(key))), "ReauthorizationRequired")
    }).pipe(withClient("confidential")))

  it.live("gives tokens of the client's own", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source({ resources: [photos], scopes: ["read"] })

      assert.strictEqual(audienceOf((yield* source.token).value), photos)
    }).pipe(withClient("confidential")))

  it.live("refuses a wrong secret", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source()

      assert.strictEqual(reasonOf(yield* Effect.flip(source.token)), "RequestRefused invalid_client")
    }).pipe(withClient("confidential", { clientSecret: Redacted.make("another") })))

  describe("on a device", () => {
    it.live("is asked until the person agrees", () =>
      Effect.gen(function*() {
        const device = yield* DeviceAuthorization.DeviceAuthorization
        const server = yield* Server
        const started = yield* device.start({ scopes: ["openid"] })
        const polling = yield* Effect.forkChild(device.poll({ ...started, interval: Duration.millis(100) }))

        yield* until(() => server.pending() >= 2)
        yield* visit(started.verificationUriComplete ?? assert.fail("there is no complete address"))
        const tokens = yield* Fiber.join(polling)

        assert.strictEqual(tokens.tokenType, "Bearer")
        assert.deepStrictEqual(started.interval, Duration.seconds(5))
      }).pipe(withClient("device")))

    it.live("tells of a person who declines", () =>
      Effect.gen(function*() {
        const device = yield* DeviceAuthorization.DeviceAuthorization
        const started = yield* device.start({ scopes: ["openid"] })
        yield* visit(started.verificationUriComplete ?? "", follow("Cancel"))

        const error = yield* Effect.flip(device.poll({ ...started, interval: Duration.millis(100) }))

        assert.strictEqual(reasonOf(error), "AuthorizationRefused access_denied")
      }).pipe(withClient("device")))

    it.live("is told truthfully that a code counts once", () =>
      Effect.gen(function*() {
        const device = yield* DeviceAuthorization.DeviceAuthorization
        const started = { ...yield* device.start({ scopes: ["openid"] }), interval: Duration.millis(100) }
        yield* visit(started.verificationUriComplete ?? "")
        yield* device.poll(started)

        const error = yield* Effect.flip(device.poll(started))

        assert.strictEqual(reasonOf(error), "RequestRefused invalid_grant")
      }).pipe(withClient("device")))
  })

  describe("with pushed requests", () => {
    it.live("logs in a client that must push", () =>
      Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)

        const { key } = yield* login.complete((yield* visit(begun.url)).url)

        assert.deepStrictEqual([...new URL(begun.url).searchParams.keys()], ["client_id", "request_uri"])
        assert.isDefined(begun.urlExpiresAt)
        assert.strictEqual(key.account, "ada")
      }).pipe(withClient("pushing")))

    it.live("takes each reference once, and another for the same login [9126-4-a]", () =>
      Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)
        yield* visit(begun.url)

        const used = yield* visit(begun.url)
        const again = yield* begun.again
        const { key } = yield* login.complete((yield* visit(again.url)).url)

        assert.strictEqual(new URL(used.url).searchParams.get("error"), "invalid_request_uri")
        assert.strictEqual(key.account, "ada")
      }).pipe(withClient("pushing")))

    it.live("takes no other request of that client", () =>
      Effect.gen(function*() {
        const { login } = yield* services
        const begun = yield* login.begin(ada)

        const { url } = yield* visit(begun.url)

        assert.strictEqual(reasonOf(yield* Effect.flip(login.complete(url))), "AuthorizationRefused invalid_request")
      }).pipe(withClient("pushing", { dialect: { authorization: { pushed: "never" } } })))

    it.live("refuses a redirect URI that is not registered before there is an address", () =>
      Effect.gen(function*() {
        const { login } = yield* services

        const error = yield* Effect.flip(login.begin({ ...ada, redirectUri: "https://evil.example/cb" }))

        assert.strictEqual(reasonOf(error), "RequestRefused invalid_request")
      }).pipe(withClient("pushing")))
  })

  describe("with resources", () => {
    it.live("gives the token of a login and its renewals for the one that was named [8707-2-e]", () =>
      Effect.gen(function*() {
        const { service } = yield* services
        const key = yield* loggedIn({ resources: [photos], scopes: ["read"] })

        const audiences = [yield* service.token(key), yield* service.refresh(key)].map(({ value }) => audienceOf(value))

        assert.deepStrictEqual(audiences, [photos, photos])
      }).pipe(withClient("public")))

    it.live("gives a token for each of several, of one refresh token [8707-2.2-a]", () =>
      Effect.gen(function*() {
        const { service } = yield* services
        const key = yield* loggedIn({ resources: [photos, albums], scopes: ["openid", "read"] })
        const at = (resource: string) => service.token(key, Target.make({ resource }))

        const tokens = [yield* at(photos), yield* at(albums), yield* at(photos)]

        assert.deepStrictEqual(tokens.map(({ value }) => audienceOf(value)), [photos, albums, photos])
        assert.strictEqual(tokens[0]?.value, tokens[2]?.value)
      }).pipe(withClient("public")))

    it.live("refuses one that it does not know, at login and at renewal [8707-2-g]", () =>
      Effect.gen(function*() {
        const { login, service } = yield* services
        const key = yield* loggedIn({ resources: [photos], scopes: ["read"] })

        const pushed = yield* Effect.flip(login.begin({ ...ada, resources: ["urn:unknown"] }))
        const renewed = yield* Effect.flip(service.token(key, Target.make({ resource: "urn:unknown" })))

        assert.strictEqual(reasonOf(pushed), "RequestRefused invalid_target")
        assert.strictEqual(reasonOf(renewed), "RequestRefused invalid_target")
      }).pipe(withClient("public")))
  })

  it.live("binds tokens to a key, with nonces from both its halves", () =>
    Effect.gen(function*() {
      const { service } = yield* services
      const server = yield* Server
      const key = yield* loggedIn({ scopes: ["openid"] })
      const source = yield* TokenSource.fromGrant(key)
      const { request } = yield* source.authorize(HttpClientRequest.get(`${server.origin}/me`))

      const renewed = yield* service.refresh(key)

      assert.strictEqual(renewed.type, "DPoP")
      assert.match(request.headers["authorization"] ?? "", /^DPoP /)
      assert.isDefined(request.headers["dpop"])
      assert.deepStrictEqual(server.nonceDemands(), 1)
    }).pipe(withClient("bound", {}, Dpop.layer())))

  it.live("knows a client by what it signs, at every endpoint", () =>
    Effect.gen(function*() {
      const { service } = yield* services
      const introspection = yield* Introspection.Introspection
      const key = yield* loggedIn()

      const renewed = yield* service.refresh(key)
      const told = yield* introspection.introspect(renewed.value)
      const revoked = yield* service.revoke(key)

      assert.deepStrictEqual([told._tag, revoked], ["Active", "done"])
    }).pipe(withClient("signing")))

  it.live("does not know a client by what another key signs", () =>
    Effect.gen(function*() {
      const { login } = yield* services

      assert.strictEqual(reasonOf(yield* Effect.flip(login.begin(ada))), "RequestRefused invalid_client")
    }).pipe(withClient("signing", {}, Layer.empty, stranger)))

  it.live("exchanges a token for another, by a grant type of its own", () =>
    Effect.gen(function*() {
      const source = yield* ClientCredentials.source()
      const subject = { token: (yield* source.token).value, type: TokenExchange.TokenType.accessToken }

      const introspection = yield* Introspection.Introspection

      const exchanged = yield* TokenExchange.exchange({ subject, resources: [albums], scopes: ["read"] })
      const refused = yield* Effect.flip(TokenExchange.exchange({
        subject: { ...subject, token: Redacted.make("unknown") },
        resources: [albums]
      }))

      const token = exchanged._tag === "AccessToken" ? exchanged.tokens.accessToken : assert.fail("is no access token")
      const told = yield* introspection.introspect(token)
      assert.deepStrictEqual(told._tag === "Active" && told.audience, [albums])
      assert.strictEqual(exchanged.type, TokenExchange.TokenType.accessToken)
      assert.strictEqual(reasonOf(refused), "RequestRefused invalid_request")
    }).pipe(withClient("confidential")))
})

const photos = "https://photos.example/api/"
const albums = "https://albums.example"

const ada: Login.Options = { account: "ada", redirectUri: "https://app.example/cb", scopes: ["openid"] }

/** What the server noticed. */
class Server extends Context.Service<Server, {
  readonly origin: string
  /** How often a device was told that nobody has decided. */
  readonly pending: () => number
  /** How often a nonce was asked for. */
  readonly nonceDemands: () => number
}>()("@effect-oauth/generic-rfc6749/test/interop/Server") {}

const client = (id: string, metadata: Partial<ClientMetadata>): ClientMetadata => ({
  client_id: id,
  redirect_uris: ["https://app.example/cb"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "none",
  ...metadata
})

const secret = "a secret: of 32 characters & more + %"

const clients = (): Array<ClientMetadata> => [
  client("public", {}),
  client("confidential", {
    client_secret: secret,
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["authorization_code", "refresh_token", "client_credentials", TokenRequest.tokenExchangeGrantType]
  }),
  client("pushing", { require_pushed_authorization_requests: true }),
  client("bound", { dpop_bound_access_tokens: true }),
  client("signing", {
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    jwks: { keys: [publicHalf(clientJwk)] }
  }),
  client("device", {
    redirect_uris: [],
    response_types: [],
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]
  })
]

const makeJwk = () => {
  const { crv = "", d = "", x = "", y = "" } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ format: "jwk" })
  return { kty: "EC", crv, d, x, y, use: "sig", alg: "ES256" }
}

/** The server's, the client's, and somebody else's. */
const [serverJwk, clientJwk, stranger] = [makeJwk(), makeJwk(), makeJwk()]

const publicHalf = ({ d: _, ...jwk }: ReturnType<typeof makeJwk>) => jwk

const configuration = (): Configuration => ({
  clients: clients(),
  jwks: { keys: [serverJwk] },
  cookies: { keys: ["interop"] },
  scopes: ["openid", "read"],
  rotateRefreshToken: true,
  issueRefreshToken: (_, client) => Promise.resolve(client.grantTypeAllowed("refresh_token")),
  expiresWithSession: () => Promise.resolve(false),
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  ttl: { AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, DeviceCode: 600, Grant: 3600, IdToken: 600 },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => {
        if (![photos, albums].includes(resource)) throw new errors.InvalidTarget()
        return { audience: resource, scope: "read", accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }
      }
    }
  }
})

const server = Layer.effect(
  Server,
  Effect.gen(function*() {
    let pending = 0
    let nonceDemands = 0
    const origin = yield* listen((origin) => {
      const provider = new Provider(origin, configuration())
      provider.on("grant.error", (_, error) => {
        if (error.error === "authorization_pending") pending++
      })
      provider.use(async (ctx, next) => {
        await next()
        if (JSON.stringify(ctx.body ?? "").includes("use_dpop_nonce")) nonceDemands++
      })
      provider.registerGrantType<
        { readonly subject_token?: string; readonly resource?: string; readonly scope?: string }
      >(
        TokenRequest.tokenExchangeGrantType,
        async (ctx) => {
          const { client, params } = ctx.oidc
          const subject = await provider.ClientCredentials.find(params.subject_token ?? "")
          if (subject === undefined) throw new errors.InvalidRequest("subject_token is not known")
          const token = new provider.ClientCredentials({ client, scope: params.scope })
          token.aud = params.resource
          ctx.body = {
            access_token: await token.save(),
            issued_token_type: TokenExchange.TokenType.accessToken,
            token_type: "Bearer",
            expires_in: token.expiration
          }
        },
        ["subject_token", "subject_token_type", "resource", "scope"],
        ["resource"]
      )
      return Promise.resolve(provider.callback())
    })
    return { origin, pending: () => pending, nonceDemands: () => nonceDemands }
  })
)

/** Provides everything that an application of this client has, at a server of its own. */
const withClient = (
  clientId: string,
  options: Partial<GenericRfc6749.DiscoveryOptions> = {},
  key: Layer.Layer<never> | Layer.Layer<Dpop.Dpop, OAuthError.OAuthError> = Layer.empty,
  signer = clientJwk
) => {
  const discovered = Layer.unwrap(Effect.map(Server, ({ origin }) =>
    GenericRfc6749.layerDiscoveryLoopback({
      issuer: origin,
      clientId,
      ...(clientId === "confidential" ? { clientSecret: Redacted.make(secret) } : {}),
      ...options
    })))
  const signed = ClientAssertion.layerPrivateKeyJwt({
    clientId,
    key: { jwk: Redacted.make(signer) }
  })
  const provider = clientId === "signing" ? Layer.provideMerge(signed, discovered) : discovered
  const layer = Layer.mergeAll(
    OAuthClient.layerWith(),
    DeviceAuthorization.layer.pipe(Layer.provide(TokenEndpoint.layer))
  )
    .pipe(
      Layer.provideMerge(TokenStore.layerMemory),
      Layer.provide([PendingAuthorizations.layerMemory(), key]),
      Layer.provideMerge(provider),
      Layer.provide(OAuthHttpClient.layerFetch),
      Layer.provideMerge(server)
    )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}

const services = Effect.all({
  login: Login.Login,
  service: TokenService.TokenService,
  endpoint: TokenEndpoint.TokenEndpoint
})

/** Logs a person in, through the server's own pages. */
const loggedIn = Effect.fnUntraced(function*(options: Partial<Login.Options> = {}) {
  const { login } = yield* services
  const begun = yield* login.begin({ ...ada, ...options })
  return (yield* login.complete((yield* visit(begun.url)).url)).key
})

/** Waits until something is so. */
const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sync(condition), { until: (met) => met, schedule: Schedule.spaced("20 millis") })

const userinfo = (issuer: string, token: Redacted.Redacted) =>
  Effect.promise(() => fetch(`${issuer}/me`, { headers: { authorization: `Bearer ${Redacted.value(token)}` } }))

const audienceOf = (token: Redacted.Redacted): unknown =>
  JSON.parse(Buffer.from(Redacted.value(token).split(".")[1] ?? "", "base64url").toString()).aud

const reasonOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag
