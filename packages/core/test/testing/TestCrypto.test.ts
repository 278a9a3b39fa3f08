import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Digest, SecureRandom } from "effect/crypto"
import { createHash } from "node:crypto"

describe("TestCrypto", () => {
  it.effect("computes SHA-256 as the platform does, for every length around a block", () =>
    Effect.gen(function*() {
      const { digestHex } = yield* Digest.Digest

      for (let length = 0; length < 200; length++) {
        const data = Uint8Array.from({ length }, (_, i) => (i * 31 + length) % 256)
        assert.strictEqual(
          yield* digestHex(Digest.sha256, data),
          createHash("sha256").update(data).digest("hex"),
          `${length} bytes`
        )
      }
    }).pipe(Effect.provide(TestCrypto.layer())))

  it.effect("gives the same bytes for the same seed and others for another", () =>
    Effect.gen(function*() {
      const draw = (seed: number) =>
        SecureRandom.SecureRandom.use((random) => random.randomBytes(32)).pipe(
          Effect.provide(TestCrypto.layerSecureRandom(seed))
        )

      assert.deepStrictEqual(yield* draw(7), yield* draw(7))
      assert.notDeepEqual(yield* draw(7), yield* draw(8))
    }))
})
