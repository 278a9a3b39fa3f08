import type { ClientMetadata } from "@effect-oauth/core"
import { describe, expect, it } from "tstyche"

describe("ClientMetadata.Requested", () => {
  it("says where to go back to, where a browser is sent away [7591-2-a]", () => {
    expect<ClientMetadata.Requested>().type.toBeAssignableFrom({ redirectUris: ["https://a"] as const })
    expect<ClientMetadata.Requested>().type.toBeAssignableFrom({ grantTypes: ["client_credentials"] as const })
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({})
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({ grantTypes: ["authorization_code"] as const })
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({ redirectUris: [] as const })
  })

  it("knows the words of the endpoints and no others [7591-2-b] [7591-2-c]", () => {
    const redirectUris = ["https://a"] as const
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({ redirectUris, grantTypes: ["code"] as const })
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({ redirectUris, responseTypes: ["codes"] as const })
  })

  it("has keys by value or by address [7591-2-g]", () => {
    const redirectUris = ["https://a"] as const
    expect<ClientMetadata.Requested>().type.toBeAssignableFrom({ redirectUris, jwks: { keys: [] } })
    expect<ClientMetadata.Requested>().type.not.toBeAssignableFrom({
      redirectUris,
      jwks: { keys: [] },
      jwksUri: "https://a/jwks"
    })
  })
})
