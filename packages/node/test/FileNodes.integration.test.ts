/** Nodes of one tool on the files of one directory. */
import { TokenStore } from "@effect-oauth/core"
import { FileTokenStore } from "@effect-oauth/node"
import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import * as Coherence from "../../core/test/support/coherence.ts"
import * as Rolling from "../../core/test/support/rolling.ts"
import { directory } from "./fixtures/directory.ts"

describe("nodes on files", () => {
  for (const law of [...Coherence.laws, ...Rolling.laws]) {
    it.live(law.name, () =>
      Effect.gen(function*() {
        const store = FileTokenStore.layer({ directory: yield* directory }).pipe(
          Layer.provide(SecureRandom.layerWebCrypto)
        )
        yield* law.run(Effect.map(Layer.build(Layer.fresh(store)), Context.get(TokenStore.TokenStore)))
      }))
  }
})
