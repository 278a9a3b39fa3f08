/** The same in a worker: one question, one answer. */
import { IndexedDbTokenStore } from "@effect-oauth/browser"
import { TokenService } from "@effect-oauth/core"
import { TokenStoreContract } from "@effect-oauth/core/testing"
import { Cause, Effect, Exit, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { type Kind, layer } from "./application.ts"

const renew = Effect.gen(function*() {
  const grants = yield* TokenService.TokenService
  const key = grants.key("ada")
  const token = yield* grants.token(key)
  return `renewed ${Redacted.value((yield* grants.refused(key, token)).value)}`
})

const laws = Effect.as(
  Effect.forEach(TokenStoreContract.cases, ({ run }) =>
    Effect.provide(
      run,
      Layer.provide(IndexedDbTokenStore.layer({ database: "laws-worker" }), SecureRandom.layerWebCrypto)
    ), { concurrency: 8 }),
  "all hold"
)

globalThis.addEventListener(
  "message",
  async ({ data }: MessageEvent<{ readonly message: string; readonly kind: Kind; readonly issuer: string }>) => {
    const { issuer, kind, message } = data
    const exit = await Effect.runPromiseExit(
      message === "laws" ? laws : Effect.provide(renew, layer(kind, issuer))
    )
    postMessage(Exit.isSuccess(exit) ? exit.value : Cause.pretty(exit.cause))
  }
)
