import type { ClientAssertion, SigningKey } from "@effect-oauth/core/jose"
import { describe, expect, it } from "tstyche"

describe("ClientAssertion", () => {
  it("lets no client without a secret sign with one [OIDC-10.1-c]", () => {
    expect<Pick<ClientAssertion.SecretOptions, "clientSecret">>().type.not.toBeAssignableFrom({})
    expect<ClientAssertion.SecretOptions["clientSecret"]>().type.not.toBeAssignableFrom(undefined)
  })

  it("knows no algorithm that does not sign [7521-3-a]", () => {
    expect<SigningKey.RemoteKey["algorithm"]>().type.toBeAssignableFrom("PS256" as const)
    expect<SigningKey.RemoteKey["algorithm"]>().type.not.toBeAssignableFrom("none" as const)
  })
})
