import { OAuthError } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"

const unavailable = OAuthError.make(
  "TokenEndpoint",
  "request",
  new OAuthError.ServerUnavailable({ origin: "https://as.test", retryAfter: Duration.seconds(5) })
)

const misconfigured = OAuthError.make(
  "OAuthClient",
  "layer",
  new OAuthError.ConfigurationInvalid({ field: "clientId", problem: "is empty; supply it" })
)

describe("OAuthError", () => {
  it.effect("is caught by its reason, and by no other", () =>
    Effect.gen(function*() {
      const caught = (error: OAuthError.OAuthError) =>
        Effect.catchReason(Effect.fail(error), "OAuthError", "ServerUnavailable", () => Effect.succeed("later"))

      assert.strictEqual(yield* caught(unavailable), "later")
      assert.strictEqual(yield* Effect.flip(caught(misconfigured)), misconfigured)
    }))

  it("says where it failed, and then why", () => {
    assert.strictEqual(misconfigured.message, "OAuthClient.layer: clientId: is empty; supply it")
  })

  it("is transient when its reason is", () => {
    assert.deepStrictEqual([unavailable.isTransient, misconfigured.isTransient], [true, false])
  })

  it("is known from other errors, and from what only looks like it", () => {
    const looks = { _tag: "OAuthError", reason: misconfigured.reason }

    assert.deepStrictEqual([misconfigured, new Error("no"), looks, undefined].map(OAuthError.isOAuthError), [
      true,
      false,
      false,
      false
    ])
  })
})
