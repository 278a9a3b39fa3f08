import type { BackchannelAuthentication } from "@effect-oauth/core"
import { Redacted } from "effect"
import { describe, expect, it } from "tstyche"

describe("BackchannelAuthentication", () => {
  it("knows no mode without what it needs [CIBA-4-a]", () => {
    expect<BackchannelAuthentication.Delivery>().type.toBeAssignableFrom({ mode: "poll" } as const)
    expect<BackchannelAuthentication.Delivery>().type.not.toBeAssignableFrom({ mode: "ping" } as const)
    expect<BackchannelAuthentication.Delivery>().type.not.toBeAssignableFrom({ mode: "push" } as const)
  })

  it("is told who is meant in one way [CIBA-7.1-b]", () => {
    expect<BackchannelAuthentication.Hint>().type.toBeAssignableFrom({ loginHint: "ada" })
    expect<BackchannelAuthentication.Hint>().type.not.toBeAssignableFrom({})
    expect<BackchannelAuthentication.Hint>().type.not.toBeAssignableFrom({
      loginHint: "ada",
      idTokenHint: Redacted.make("token")
    })
  })
})
