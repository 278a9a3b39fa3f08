import {
  type AuthorizationServer,
  type Dialect,
  type Login,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  type TokenService,
  TokenStore
} from "@effect-oauth/core"
import { type Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Config, Layer, type Redacted } from "effect"
import { describe, expect, it } from "tstyche"

declare const clientSecret: Redacted.Redacted

describe("GenericRfc6749", () => {
  it("composes as the README shows, with nothing left to provide", () => {
    const Live = OAuthClient.layer().pipe(
      Layer.provideMerge(GenericRfc6749.layerConfig({
        provider: "example",
        authorizationEndpoint: "https://as.example.com/authorize",
        tokenEndpoint: Config.String("OAUTH_TOKEN_ENDPOINT"),
        apiOrigins: ["https://api.example.com"],
        clientId: Config.String("OAUTH_CLIENT_ID"),
        clientSecret: Config.Redacted("OAUTH_CLIENT_SECRET")
      })),
      Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()])
    )

    expect(Live).type.toBeAssignableTo<Layer.Layer<Login.Login | TokenService.TokenService, OAuthError.OAuthError>>()
  })

  it("discovers over the client for authorization servers", () => {
    const discovered = GenericRfc6749.layerDiscovery({ issuer: "https://as.example.com", clientId: "" })

    expect(discovered).type.toBe<OAuthClient.Provider<OAuthHttpClient.OAuthHttpClient>>()
    expect(Layer.provide(discovered, OAuthHttpClient.layerFetch)).type.toBe<OAuthClient.Provider>()
  })

  it("takes a secret only as Redacted", () => {
    expect(GenericRfc6749.layerClientAuthentication).type.toBeCallableWith({ clientId: "", clientSecret })
    expect(GenericRfc6749.layerClientAuthentication).type.not.toBeCallableWith({ clientId: "", clientSecret: "" })
  })
})

describe("Description", () => {
  it("describes whatever can be an option", () => {
    expect<keyof Description.Described>().type.toBe<
      keyof AuthorizationServer.Options | "clientAssertion" | "clientAuthentication"
    >()
  })

  it("has every field of the dialect", () => {
    type Described = Required<NonNullable<Description.Description["dialect"]>>
    type Known = Exclude<keyof Dialect.Dialect, "onAnswer" | "onRequest" | "onTokens">
    type Leg = Exclude<Known, "dpopNonce" | "revocation">

    expect<keyof Described>().type.toBe<Known | "answers" | "requests">()
    expect<{ [L in Leg]: Exclude<keyof Dialect.Dialect[L], keyof Described[L]> }>().type.toBe<{ [L in Leg]: never }>()
  })
})
