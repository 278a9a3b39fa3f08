import * as Examination from "@effect-oauth/cli/Examination"
import { OAuthHttpClient } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"

describe("Examination", () => {
  describe("redirects", () => {
    it.live("are well with a client that leaves them alone", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* Examination.redirects).outcome, "ok")
      }).pipe(Effect.provide(OAuthHttpClient.layerFetch)))

    it.live("are not with one that follows, and what it takes along is told by a canary", () =>
      Effect.gen(function*() {
        const { detail, outcome } = yield* Examination.redirects

        assert.strictEqual(outcome, "fail")
        assert.strictEqual(
          detail,
          "the HTTP client follows redirects, and takes along: the Authorization header, the DPoP header, the body"
        )
      }).pipe(Effect.provide(OAuthHttpClient.layer.pipe(Layer.provide(FetchHttpClient.layer)))))
  })
})
