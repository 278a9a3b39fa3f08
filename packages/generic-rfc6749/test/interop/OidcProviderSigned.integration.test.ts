/** Signed requests (RFC 9101) and signed answers (JARM) against `oidc-provider`, over sockets. */
import {
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenStore
} from "@effect-oauth/core"
import { IdToken, Jwks, RequestObject } from "@effect-oauth/core/jose"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { type Configuration, Provider } from "oidc-provider"
import { visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("oidc-provider with signed requests", () => {
  it.live("takes an object by value [9101-4-a] [9101-5-b]", () =>
    Effect.gen(function*() {
      const { begun, key } = yield* loggedIn

      assert.include([...new URL(begun.url).searchParams.keys()], "request")
      assert.strictEqual(key.account, "ada")
    }).pipe(Effect.provide(app({ signed: {} }))))

  it.live("takes one that is pushed [9126-3-a]", () =>
    Effect.gen(function*() {
      const { begun, key } = yield* loggedIn

      assert.deepStrictEqual([...new URL(begun.url).searchParams.keys()], ["client_id", "request_uri"])
      assert.strictEqual(key.account, "ada")
    }).pipe(Effect.provide(app({ signed: {}, pushed: "offered" }))))

  it.live("takes one that is encrypted for its key, by value [9101-4-d] [OIDC-10.2-a]", () =>
    Effect.gen(function*() {
      const { begun, key } = yield* loggedIn

      assert.strictEqual(new URL(begun.url).searchParams.get("request")?.split(".").length, 5)
      assert.strictEqual(key.account, "ada")
    }).pipe(Effect.provide(app({ signed: { encryption: { keyManagement: "ECDH-ES" } } }))))

  it.live("takes no object that another key has signed", () =>
    Effect.gen(function*() {
      const login = yield* Login.Login

      const error = yield* Effect.flip(login.begin(ada))

      assert.strictEqual(wordsOf(error), "RequestRefused invalid_request_object")
    }).pipe(Effect.provide(app({ signed: { key: { jwk: Redacted.make(stranger) } }, pushed: "offered" }))))

  it.live("requires them by its metadata, and is not asked without [9101-10.5-a]", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Login.Login.use((login) => login.begin(ada)))

      assert.strictEqual(wordsOf(error), "ConfigurationInvalid")
    }).pipe(Effect.provide(app({}))))
})

describe("oidc-provider with signed answers", () => {
  for (const responseMode of ["jwt", "query.jwt"] as const) {
    it.live(`completes a login by ${responseMode} [JARM-2.4-g]`, () =>
      Effect.gen(function*() {
        const { answer, key } = yield* loggedIn

        assert.deepStrictEqual([...new URL(answer).searchParams.keys()], ["response"])
        assert.strictEqual(key.account, "ada")
      }).pipe(Effect.provide(app({ signed: {}, responseMode }))))
  }

  it.live("completes one by fragment.jwt", () =>
    Effect.gen(function*() {
      const { answer, key } = yield* loggedIn

      assert.match(new URL(answer).hash, /^#response=/)
      assert.strictEqual(key.account, "ada")
    }).pipe(Effect.provide(app({ signed: {}, responseMode: "fragment.jwt" }))))
})

const makeJwk = (use: "sig" | "enc", alg: string) => {
  const { crv = "", d = "", x = "", y = "" } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ format: "jwk" })
  return { kty: "EC", crv, d, x, y, use, alg, kid: `${use}-${x.slice(0, 4)}` }
}

const publicHalf = ({ d: _, ...jwk }: ReturnType<typeof makeJwk>) => jwk

const [serverJwk, serverEncryptionJwk] = [makeJwk("sig", "ES256"), makeJwk("enc", "ECDH-ES")]
const [clientJwk, stranger] = [makeJwk("sig", "ES256"), makeJwk("sig", "ES256")]

const ada: Login.Options = { account: "ada", redirectUri: "https://app.example/cb", scopes: ["openid"] }

const secret = "a secret of thirty-two characters or more"

const configuration: Configuration = {
  clients: [{
    client_id: "app",
    client_secret: secret,
    redirect_uris: ["https://app.example/cb"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    jwks: { keys: [publicHalf(clientJwk)] },
    request_object_signing_alg: "ES256",
    id_token_signed_response_alg: "ES256",
    authorization_signed_response_alg: "ES256"
  }],
  jwks: { keys: [serverJwk, serverEncryptionJwk] },
  cookies: { keys: ["interop"] },
  features: {
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: { enabled: true, requireSignedRequestObject: true },
    encryption: { enabled: true },
    jwtResponseModes: { enabled: true }
  }
}

const app = (options: {
  readonly signed?: Partial<RequestObject.Options>
  readonly pushed?: "offered"
  readonly responseMode?: "jwt" | "query.jwt" | "fragment.jwt"
}) =>
  Layer.unwrap(
    Effect.map(
      listen((origin) => Promise.resolve(new Provider(origin, configuration).callback())),
      (origin) => {
        const verifier = IdToken.layer().pipe(Layer.provideMerge(Jwks.layer()))
        const signer = options.signed === undefined
          ? Layer.empty
          : RequestObject.layer({ key: { jwk: Redacted.make(clientJwk) }, ...options.signed })
        return OAuthClient.layerWith().pipe(
          Layer.provide(signer),
          Layer.provide(verifier),
          Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()]),
          Layer.provideMerge(GenericRfc6749.layerDiscoveryLoopback({
            issuer: origin,
            clientId: "app",
            clientSecret: Redacted.make(secret),
            dialect: {
              authorization: { pushed: options.pushed ?? "never", responseMode: options.responseMode ?? "plain" }
            }
          })),
          Layer.provide(OAuthHttpClient.layerFetch)
        )
      }
    )
  )

const loggedIn = Effect.gen(function*() {
  const login = yield* Login.Login
  const begun = yield* login.begin(ada)
  const { url } = yield* visit(begun.url)
  const { key } = yield* login.complete(url)
  return { begun, key, answer: url }
})

const wordsOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag
