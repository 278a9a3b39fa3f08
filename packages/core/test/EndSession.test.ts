import { EndSession, type OAuthError } from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Result } from "effect"

describe("EndSession", () => {
  it.effect("sends the browser with what names the login, and back", () =>
    Effect.gen(function*() {
      const { state, url } = yield* endSession({ uiLocales: ["fr", "en"] })

      const { origin, pathname, searchParams } = new URL(url)
      assert.strictEqual(origin + pathname, "https://op.test/logout")
      assert.deepStrictEqual(Object.fromEntries(searchParams), {
        tenant: "a",
        id_token_hint: "aaa.bbb.ccc",
        client_id: "app",
        post_logout_redirect_uri: "https://app.test/bye",
        state: state === undefined ? "" : Redacted.value(state),
        ui_locales: "fr en"
      })
      assert.match(searchParams.get("state") ?? "", /^[\w-]{43}$/)
    }))

  it.effect("carries no state where the browser does not come back", () =>
    Effect.gen(function*() {
      const { state, url } = yield* endSession({ postLogoutRedirectUri: undefined })

      assert.isUndefined(state)
      assert.isFalse(new URL(url).searchParams.has("state"))
    }))

  it.effect("takes a server with a sign-out, an address to come back to, and a hint that is no encrypted token [OIDC-3.1.2.1-h]", () =>
    Effect.gen(function*() {
      const field = (options: Partial<EndSession.Options>) =>
        Effect.map(
          Effect.flip(endSession(options)),
          ({ reason }) => reason._tag === "ConfigurationInvalid" ? reason.field : reason._tag
        )

      assert.strictEqual(yield* field({ endpoint: undefined }), "endSessionEndpoint")
      assert.strictEqual(yield* field({ postLogoutRedirectUri: "/bye" }), "postLogoutRedirectUri")
      assert.strictEqual(yield* field({ idTokenHint: Redacted.make("a.b.c.d.e") }), "idTokenHint")
    }))

  describe("judge", () => {
    const state = Redacted.make("s-1")

    it("accepts the browser that was sent", () => {
      assert.isTrue(Result.isSuccess(EndSession.judge("https://app.test/bye?state=s-1", state)))
      assert.isTrue(Result.isSuccess(EndSession.judge("state=s-1", state)))
    })

    for (
      const [title, address, problem] of [
        ["another state", "https://app.test/bye?state=s-2", "state-mismatch"],
        ["no state", "https://app.test/bye", "state-mismatch"],
        ["two states", "https://app.test/bye?state=s-1&state=s-1", "duplicate-parameter"],
        ["broken escapes", "https://app.test/bye?state=%zz", "malformed"]
      ] as const
    ) {
      it(`refuses ${title}`, () => {
        const judged = EndSession.judge(address, state)

        assert.strictEqual(Result.isFailure(judged) && problemOf(judged.failure), problem)
      })
    }
  })
})

const endSession = (options: Partial<EndSession.Options>) =>
  EndSession.make({
    endpoint: "https://op.test/logout?tenant=a",
    clientId: "app",
    idTokenHint: Redacted.make("aaa.bbb.ccc"),
    postLogoutRedirectUri: "https://app.test/bye",
    ...options
  }).pipe(Effect.provide(TestCrypto.layer()))

const problemOf = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "CallbackRejected" ? reason.problem : reason._tag
