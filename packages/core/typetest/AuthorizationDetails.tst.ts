import type { AuthorizationDetails } from "@effect-oauth/core"
import { describe, expect, it } from "tstyche"

describe("AuthorizationDetails", () => {
  it("have a type each [9396-2-a]", () => {
    expect<AuthorizationDetails.AuthorizationDetail>().type.toBeAssignableFrom({ type: "payment", amount: 1 })
    expect<AuthorizationDetails.AuthorizationDetail>().type.not.toBeAssignableFrom({ amount: 1 })
    expect<AuthorizationDetails.AuthorizationDetail>().type.not.toBeAssignableFrom({ type: 1 })
  })
})
