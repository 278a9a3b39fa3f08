import type { AuthorizationServer, ClientAuthentication, Dpop, OAuthHttpClient } from "@effect-oauth/core"
import { Fapi2 } from "@effect-oauth/core/jose"
import { type Layer, Redacted } from "effect"
import { describe, expect, it } from "tstyche"

describe("Fapi2", () => {
  const key = { jwk: Redacted.make({}), algorithm: "ES256" } as const
  const options = { issuer: "https://as.example", clientId: "app", key }

  it("binds tokens to a key, which the compiler asks for [FAPI2-5.3.3.1-a]", () => {
    expect<Layer.Services<ReturnType<typeof Fapi2.layer>>>().type.toBe<Dpop.Dpop | OAuthHttpClient.OAuthHttpClient>()
    expect<Layer.Success<ReturnType<typeof Fapi2.layer>>>().type.toBe<
      AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication
    >()
  })

  it("has no place for a secret [FAPI2-5.3.3.1-b]", () => {
    expect(Fapi2.layer).type.toBeCallableWith(options)
    expect(Fapi2.layer).type.not.toBeCallableWith({ ...options, clientSecret: Redacted.make("s") })
    expect(Fapi2.layer).type.not.toBeCallableWith({ issuer: "https://as.example", clientId: "app" })
  })

  it("has no place for an address [FAPI2-5.3.3.1-i]", () => {
    expect(Fapi2.layer).type.not.toBeCallableWith({ ...options, tokenEndpoint: "https://as.example/token" })
    expect(Fapi2.layerMutualTls).type.not.toBeCallableWith({ ...options, tokenEndpoint: "https://as.example/token" })
  })

  it("knows no key for another algorithm [FAPI2-5.4.1-b]", () => {
    expect<Fapi2.Key>().type.toBeAssignableFrom(key)
    expect<Fapi2.Key>().type.not.toBeAssignableFrom({ jwk: Redacted.make({}), algorithm: "RS256" } as const)
  })
})
