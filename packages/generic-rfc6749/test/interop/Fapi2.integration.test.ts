/** Against `oidc-provider` in its FAPI 2.0 profile, over sockets, from discovery to the API and back. */
import {
  AuthorizedHttpClient,
  Dpop,
  Login,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { Fapi2, IdToken, Jwks } from "@effect-oauth/core/jose"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { generateKeyPairSync } from "node:crypto"
import { type ClientMetadata, type Configuration, Provider } from "oidc-provider"
import { visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("oidc-provider, in its FAPI 2.0 profile", () => {
  it.live("logs a person in by a pushed request, a code and S256, and nothing of it passes the browser [FAPI2-5.3.3.2-a] [FAPI2-5.3.3.2-b] [FAPI2-5.3.3.2-c] [FAPI2-5.3.3.2-f] [FAPI2-5.3.3.1-m]", () =>
    Effect.gen(function*() {
      const { received } = yield* Server
      const { begun, completed } = yield* loggedIn

      const pushed = received().find(({ path }) => path === "/request")?.body ?? {}
      const front = new URL(begun.url)
      assert.deepInclude(pushed, { response_type: "code", code_challenge_method: "S256", scope: "openid" })
      assert.deepStrictEqual([...front.searchParams.keys()], ["client_id", "request_uri"])
      assert.strictEqual(Option.getOrThrow(completed.identity).subject, "ada")
    }).pipe(application()))

  it.live("knows the client by statements for the issuer, in one text [FAPI2-5.3.3.1-e]", () =>
    Effect.gen(function*() {
      const { origin, received } = yield* Server
      yield* loggedIn

      const audiences = received().flatMap(({ body: { client_assertion: assertion } }) =>
        assertion === undefined
          ? []
          : [JSON.parse(Buffer.from(assertion.split(".")[1] ?? "", "base64url").toString()).aud]
      )
      assert.deepStrictEqual([...new Set(audiences)], [origin])
      assert.isAtLeast(audiences.length, 2)
    }).pipe(application()))

  it.live("gives tokens that are bound to a key, and takes them in a header, with its nonce [FAPI2-5.3.3.1-c] [FAPI2-5.3.3.1-h]", () =>
    Effect.gen(function*() {
      const { origin, received } = yield* Server
      const { completed } = yield* loggedIn
      const client = yield* AuthorizedHttpClient.make(completed.key)

      const response = yield* client.get(`${origin}/me`)

      const sent = received().filter(({ path }) => path === "/me")
      assert.strictEqual(response.status, 200)
      assert.isTrue(sent.every(({ authorization = "", query }) => authorization.startsWith("DPoP ") && query === ""))
      assert.isAtLeast(received().filter(({ status }) => status === 400).length, 1)
    }).pipe(application()))

  for (const rotates of [true, false]) {
    it.live(`renews a grant ${rotates ? "with another" : "with the same"} refresh token [FAPI2-5.3.3.1-f]`, () =>
      Effect.gen(function*() {
        const service = yield* TokenService.TokenService
        const { completed } = yield* loggedIn

        const first = yield* service.refresh(completed.key)
        const second = yield* service.refresh(completed.key)

        assert.notStrictEqual(Redacted.value(first.value), Redacted.value(second.value))
        assert.strictEqual(Option.getOrThrow(yield* service.status(completed.key)).state._tag, "Active")
      }).pipe(application(rotates)))
  }

  it.live("ends a grant when it is asked to", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const { completed } = yield* loggedIn

      const revoked = yield* service.revoke(completed.key)

      assert.strictEqual(revoked, "done")
    }).pipe(application()))

  it.live("is refused where an answer does not name it [FAPI2-5.3.3.2-e]", () =>
    Effect.gen(function*() {
      const login = yield* Login.Login
      const problems = yield* Effect.forEach(["", "https://another.example"], (iss) =>
        Effect.gen(function*() {
          const begun = yield* login.begin(ada)
          const url = new URL((yield* visit(begun.url)).url)
          if (iss === "") url.searchParams.delete("iss")
          else url.searchParams.set("iss", iss)
          const { reason } = yield* Effect.flip(login.complete(url.href))
          return reason._tag === "CallbackRejected" ? reason.problem : reason._tag
        }))

      assert.deepStrictEqual(problems, ["issuer-missing", "issuer-mismatch"])
    }).pipe(application()))

  it.live("is not taken for another that its metadata names [FAPI2-5.3.3.1-k]", () =>
    Effect.gen(function*() {
      const { origin } = yield* Server
      const provider = Fapi2.layerLoopback({ ...registered, issuer: `${origin}/` })

      const error = yield* Effect.flip(Effect.scoped(
        Effect.provide(Layer.build(provider), Layer.merge(OAuthHttpClient.layerFetch, Dpop.layer()))
      ))

      assert.deepInclude(error.reason, { _tag: "MetadataInvalid", problem: "issuer-mismatch" })
    }).pipe(application()))
})

interface Received {
  readonly path: string
  readonly query: string
  readonly status: number
  readonly authorization: string | undefined
  readonly body: Readonly<Record<string, string | undefined>>
}

class Server extends Context.Service<Server, {
  readonly origin: string
  readonly received: () => ReadonlyArray<Received>
}>()("@effect-oauth/generic-rfc6749/test/interop/Fapi2.integration.test/Server") {}

const ada: Login.Options = { account: "ada", redirectUri: "https://app.example/cb", scopes: ["openid"] }

const loggedIn = Effect.gen(function*() {
  const login = yield* Login.Login
  const begun = yield* login.begin(ada)
  const completed = yield* login.complete((yield* visit(begun.url)).url)
  return { begun, completed }
})

const jwk = () => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  use: "sig",
  alg: "ES256"
})

const [serverJwk, clientJwk] = [jwk(), jwk()]

const { d: _, ...clientPublic } = clientJwk

const registered = { clientId: "ledger", key: { jwk: Redacted.make(clientJwk), algorithm: "ES256" as const } }

const client: ClientMetadata = {
  client_id: "ledger",
  redirect_uris: ["https://app.example/cb"],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  dpop_bound_access_tokens: true,
  require_pushed_authorization_requests: true,
  jwks: { keys: [clientPublic] }
}

const configuration = (rotates: boolean): Configuration => ({
  clients: [client],
  jwks: { keys: [serverJwk] },
  cookies: { keys: ["interop"] },
  scopes: ["openid"],
  rotateRefreshToken: rotates,
  issueRefreshToken: () => Promise.resolve(true),
  expiresWithSession: () => Promise.resolve(false),
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, RefreshToken: 3600 },
  features: {
    fapi: { enabled: true, profile: "2.0" },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true }
  }
})

const application = (rotates = true) => {
  const server = Layer.effect(
    Server,
    Effect.gen(function*() {
      const received: Array<Received> = []
      const origin = yield* listen((origin) => {
        const provider = new Provider(origin, configuration(rotates))
        provider.use(async (ctx, next) => {
          await next()
          const { authorization } = ctx.headers
          const body = { ...ctx.oidc?.body } as Received["body"]
          received.push({ path: ctx.path, query: ctx.querystring, status: ctx.status, authorization, body })
        })
        return Promise.resolve(provider.callback())
      })
      return { origin, received: () => received }
    })
  )
  const provider = Layer.unwrap(
    Effect.map(Server, ({ origin }) => Fapi2.layerLoopback({ ...registered, issuer: origin, apiOrigins: [origin] }))
  )
  const layer = OAuthClient.layerWith().pipe(
    Layer.provide(Layer.provide(IdToken.layer(), Jwks.layer())),
    Layer.provideMerge(provider),
    Layer.provideMerge(Dpop.layer()),
    Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory(), OAuthHttpClient.layerFetch]),
    Layer.provideMerge(FetchHttpClient.layer),
    Layer.provideMerge(server)
  )
  return <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, layer))
}
