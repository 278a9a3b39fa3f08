import type { AuthorizationRequest } from "@effect-oauth/core"
import type { RequestObject } from "@effect-oauth/core/jose"
import type { Redacted } from "effect"
import { describe, expect, it } from "tstyche"

describe("RequestObject", () => {
  it("goes by value or by reference, and not both [9101-5-a] [OIDC-6-a]", () => {
    expect<AuthorizationRequest.RequestObject>().type.toBeAssignableFrom<{ request: Redacted.Redacted }>()
    expect<AuthorizationRequest.RequestObject>().type.toBeAssignableFrom<{ requestUri: string }>()
    expect<AuthorizationRequest.RequestObject>().type.not.toBeAssignableFrom<
      { request: Redacted.Redacted; requestUri: string }
    >()
    expect<AuthorizationRequest.RequestObject>().type.not.toBeAssignableFrom({})
  })

  it("is encrypted by the server's public key, and by no secret [OIDC-10.2-b]", () => {
    expect<RequestObject.KeyManagement>().type.toBeAssignableFrom("ECDH-ES" as const)
    expect<RequestObject.KeyManagement>().type.not.toBeAssignableFrom("dir" as const)
    expect<RequestObject.KeyManagement>().type.not.toBeAssignableFrom("A256KW" as const)
    expect<RequestObject.KeyManagement>().type.not.toBeAssignableFrom("PBES2-HS256+A128KW" as const)
  })
})
