import type { OpenIdRequest } from "@effect-oauth/core"
import { describe, expect, it } from "tstyche"

describe("OpenIdRequest", () => {
  it("takes none alone, and the others together [OIDC-3.1.2.1-g]", () => {
    expect<OpenIdRequest.Options["prompt"]>().type.toBeAssignableFrom("none" as const)
    expect<OpenIdRequest.Options["prompt"]>().type.toBeAssignableFrom(["login", "consent"] as const)
    expect<OpenIdRequest.Options["prompt"]>().type.not.toBeAssignableFrom(["none", "login"] as const)
    expect<OpenIdRequest.Options["prompt"]>().type.not.toBeAssignableFrom([] as const)
  })
})
