import { OAuthError } from "@effect-oauth/core"
import { Duration, Effect } from "effect"
import { describe, expect, it } from "tstyche"

declare const effect: Effect.Effect<string, OAuthError.OAuthError>

describe("OAuthError", () => {
  it("is recovered from by reason, and the reason is the one that was named", () => {
    const connect = effect.pipe(
      Effect.catchReason("OAuthError", "ReauthorizationRequired", (reason) => {
        expect(reason).type.toBe<OAuthError.ReauthorizationRequired>()
        return Effect.succeed("connect again")
      })
    )

    expect(connect).type.toBe<Effect.Effect<string, OAuthError.OAuthError>>()
  })

  it("has a closed union of reasons", () => {
    expect<OAuthError.OAuthErrorReason>().type.not.toBeAssignableFrom<{ readonly _tag: "SomethingElse" }>()
    expect(Effect.catchReason).type.toBeCallableWith(effect, "OAuthError", "AnswerLost", () => Effect.void)
    expect(Effect.catchReason).type.not.toBeCallableWith(effect, "OAuthError", "SomethingElse", () => Effect.void)
  })

  it("says of every reason whether it is transient", () => {
    expect<OAuthError.OAuthErrorReason["isTransient"]>().type.toBe<boolean>()
  })

  it("is told apart by its guard", () => {
    const unknown: unknown = Duration.zero
    if (OAuthError.isOAuthError(unknown)) {
      expect(unknown).type.toBe<OAuthError.OAuthError>()
    }
  })
})
