/** Rich authorization requests against `oidc-provider`, over sockets. */
import {
  AuthorizationDetails,
  Introspection,
  Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  Target,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { type Configuration, errors, Provider } from "oidc-provider"
import { visit } from "./support/browser.ts"
import { listen } from "./support/server.ts"

describe("oidc-provider with authorization details", () => {
  it.live("grants what the person agreed to, and tells it [9396-7-a] [9396-7-b]", () =>
    Effect.gen(function*() {
      const { login, service } = yield* services
      const begun = yield* login.begin(ada)

      const { consent, key } = yield* login.complete((yield* visit(begun.url)).url)

      const status = Option.getOrThrow(yield* service.status(key))
      assert.deepStrictEqual(Option.map(status.authorizationDetails, Redacted.value), Option.some([granted]))
      assert.deepStrictEqual(
        Option.map(consent, Redacted.value),
        Option.some({
          same: [],
          changed: [{ asked: payment, granted, members: ["debtor"] }],
          missing: [],
          added: []
        })
      )
      assert.deepStrictEqual([...new URL(begun.url).searchParams.keys()], ["client_id", "request_uri"])
    }).pipe(Effect.provide(app)))

  it.live("says of a token what it allows, and renews it with less [9396-6-a]", () =>
    Effect.gen(function*() {
      const { login, service } = yield* services
      const begun = yield* login.begin(ada)
      const { key } = yield* login.complete((yield* visit(begun.url)).url)

      const { value } = yield* service.token(key, Target.make({ authorizationDetails: [less] }))

      const told = yield* Introspection.Introspection.use(({ introspect }) => introspect(value))
      const details = told._tag === "Active" ? told.authorizationDetails : undefined
      assert.deepStrictEqual(details === undefined ? undefined : Redacted.value(details), [less])
    }).pipe(Effect.provide(app)))

  it.live("is not asked for a type that its metadata does not list [9396-10-a]", () =>
    Effect.gen(function*() {
      const { login } = yield* services

      const error = yield* Effect.flip(login.begin({ ...ada, authorizationDetails: [{ type: "unheard_of" }] }))

      assert.strictEqual(wordsOf(error), "ConfigurationInvalid")
    }).pipe(Effect.provide(app)))

  it.live("refuses details that its type does not allow, by the code of the RFC [9396-5-a]", () =>
    Effect.gen(function*() {
      const { login } = yield* services
      const details = [{ ...payment, amount: { currency: "XXX", amount: "1" } }]

      const error = yield* Effect.flip(login.begin({ ...ada, authorizationDetails: details }))

      assert.strictEqual(wordsOf(error), "RequestRefused invalid_authorization_details")
      assert.include(error.message, "only euros")
    }).pipe(Effect.provide(app)))
})

const payment = { type: "payment_initiation", amount: { currency: "EUR", amount: "123.50" } }
// the person chose an account
const granted = { ...payment, debtor: "DE02" }
const less = { ...granted, amount: { currency: "EUR", amount: "1.00" } }

const ada: Login.Options = {
  account: "ada",
  redirectUri: "https://app.example/cb",
  scopes: ["openid"],
  authorizationDetails: [payment]
}

const secret = "a secret of thirty-two characters or more"

const configuration: Configuration = {
  clients: [{
    client_id: "app",
    client_secret: secret,
    redirect_uris: ["https://app.example/cb"],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    authorization_details_types: ["payment_initiation"]
  }],
  cookies: { keys: ["interop"] },
  rotateRefreshToken: true,
  issueRefreshToken: () => Promise.resolve(true),
  expiresWithSession: () => Promise.resolve(false),
  features: {
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "https://bank.example",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ audience: "https://bank.example", scope: "", accessTokenFormat: "opaque" })
    },
    richAuthorizationRequests: {
      enabled: true,
      types: {
        payment_initiation: {
          validate: (_, detail) => {
            const { currency } = Object(detail["amount"])
            if (currency !== "EUR") throw new errors.InvalidAuthorizationDetails("only euros")
          }
        }
      },
      authorizationDetailsForGrantSource: (ctx) =>
        asked(ctx.oidc.params?.["authorization_details"]).map((detail) => ({ ...detail, debtor: "DE02" })),
      authorizationDetailsForAccessToken: (ctx, _, source) => {
        const wanted = asked(ctx.oidc.params?.["authorization_details"])
        return wanted.length > 0 && ctx.oidc.params?.["grant_type"] === "refresh_token"
          ? wanted
          : [...(source && "rar" in source ? source.rar ?? [] : [])]
      },
      authorizationDetailsForIntrospection: (_, token) => "rar" in token ? token.rar ?? [] : []
    }
  }
}

const asked = (text: unknown): AuthorizationDetails.AuthorizationDetails =>
  typeof text === "string" ? AuthorizationDetails.fromJson(JSON.parse(text)) ?? [] : []

const app = Layer.unwrap(
  Effect.map(
    listen((origin) => Promise.resolve(new Provider(origin, configuration).callback())),
    (origin) =>
      OAuthClient.layerWith().pipe(
        Layer.provideMerge(TokenStore.layerMemory),
        Layer.provide(PendingAuthorizations.layerMemory()),
        Layer.provideMerge(
          GenericRfc6749.layerDiscoveryLoopback({
            issuer: origin,
            clientId: "app",
            clientSecret: Redacted.make(secret)
          })
        ),
        Layer.provide(OAuthHttpClient.layerFetch)
      )
  )
)

const services = Effect.all({ login: Login.Login, service: TokenService.TokenService })

const wordsOf = ({ reason }: OAuthError.OAuthError): string =>
  "code" in reason ? `${reason._tag} ${reason.code}` : reason._tag
