import {
  type AuthorizationServer,
  ClientAuthentication,
  type Login,
  type OAuthHttpClient,
  TokenEndpoint,
  type TokenRequest
} from "@effect-oauth/core"
import type { Layer } from "effect"
import { describe, expect, it } from "tstyche"

describe("a client's registration", () => {
  it("names the redirect URI and the scopes of every login [6749-2-a] [2.1-2-a] [6749-3.1.2.3-a] [2.1-2.3.2-a]", () => {
    const begin = (options: Login.Options) => options

    expect(begin).type.toBeCallableWith({ account: "ada", redirectUri: "https://app.example/cb", scopes: [] })
    expect(begin).type.not.toBeCallableWith({ account: "ada", scopes: [] })
    expect(begin).type.not.toBeCallableWith({ account: "ada", redirectUri: ["https://a", "https://b"], scopes: [] })
  })

  it("says how the client authenticates, and nothing is taken for granted [6749-2-a] [2.1-2-a]", () => {
    expect(TokenEndpoint.layer).type.toBe<
      Layer.Layer<
        TokenEndpoint.TokenEndpoint,
        never,
        | OAuthHttpClient.OAuthHttpClient
        | AuthorizationServer.AuthorizationServer
        | ClientAuthentication.ClientAuthentication
      >
    >()
    expect(ClientAuthentication.basic).type.not.toBeCallableWith({ clientId: "app" })
    expect(ClientAuthentication.post).type.not.toBeCallableWith({ clientId: "app" })
    expect(ClientAuthentication.none).type.not.toBeCallableWith({})
  })

  it("keeps secrets in Redacted [2.1-2.1-a] [6749-10.1-a]", () => {
    expect(ClientAuthentication.basic).type.not.toBeCallableWith({ clientId: "app", clientSecret: "secret" })
    expect<TokenRequest.TokenRequest>().type.toHaveProperty("parameters")
  })
})
