import { Keyring } from "@effect-oauth/core"
import { TestCrypto } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Option, Redacted, Schema } from "effect"
import { createDecipheriv } from "node:crypto"
import { canary, leaks } from "./support/secrets.ts"

describe("Keyring", () => {
  it.effect("opens what it sealed", () =>
    Effect.gen(function*() {
      const keyring = yield* ring({ current: "a", keys: { a: key(1) } })

      const sealed = yield* keyring.seal(Redacted.make("a secret: é😀"), ["place", 1])

      assert.strictEqual(text(yield* keyring.open(sealed, ["place", 1])), "a secret: é😀")
    }))

  it.effect("seals the same text differently each time", () =>
    Effect.gen(function*() {
      const keyring = yield* ring({ current: "a", keys: { a: key(1) } })

      const sealed = yield* Effect.forEach(
        [1, 2, 3],
        () => keyring.seal(Redacted.make("text"), [])
      )

      assert.lengthOf(new Set(sealed.map(({ ciphertext }) => ciphertext)), 3)
    }))

  it.effect("opens in no other place", () =>
    Effect.gen(function*() {
      const keyring = yield* ring({ current: "a", keys: { a: key(1) } })
      const sealed = yield* keyring.seal(Redacted.make("text"), ["grant", "a|b", 1])

      for (const place of [["grant", "a|b", 2], ["grant", "a", "b", 1], ["grant", "a|b"], ["grant", "a|b", "1"], []]) {
        assert.isTrue(Option.isNone(yield* keyring.open(sealed, place)), JSON.stringify(place))
      }
    }))

  it.effect("opens nothing that was changed, at any byte", () =>
    Effect.gen(function*() {
      const keyring = yield* ring({ current: "a", keys: { a: key(1) } })
      const { ciphertext, keyId } = yield* keyring.seal(Redacted.make("text"), [])
      const bytes = Buffer.from(ciphertext, "base64url")

      for (const [index, byte] of bytes.entries()) {
        const changed = Buffer.from(bytes)
        changed[index] = byte ^ 1
        const opened = yield* keyring.open({ keyId, ciphertext: changed.toString("base64url") }, [])
        assert.isTrue(Option.isNone(opened), `byte ${index}`)
      }
      for (const ciphertext of ["", "AA", "not base64!", bytes.subarray(0, 20).toString("base64url")]) {
        assert.isTrue(Option.isNone(yield* keyring.open({ keyId, ciphertext }, [])), ciphertext)
      }
    }))

  it.effect("opens what an older key sealed, and seals with the current one", () =>
    Effect.gen(function*() {
      const before = yield* ring({ current: "a", keys: { a: key(1) } })
      const after = yield* ring({ current: "b", keys: { a: key(1), b: key(2) } })
      const sealed = yield* before.seal(Redacted.make("text"), [])

      const opened = yield* after.open(sealed, [])
      const resealed = yield* after.seal(Redacted.make("text"), [])

      assert.strictEqual(text(opened), "text")
      assert.strictEqual(sealed.keyId, before.current)
      assert.strictEqual(resealed.keyId, after.current)
    }))

  it.effect("does not take what one key sealed for another's", () =>
    Effect.gen(function*() {
      const keyring = yield* ring({ current: "a", keys: { a: key(1), b: key(1) } })
      const other = yield* ring({ current: "b", keys: { a: key(1), b: key(1) } })
      const { ciphertext } = yield* keyring.seal(Redacted.make("text"), [])

      const opened = yield* keyring.open({ keyId: other.current, ciphertext }, [])

      assert.isTrue(Option.isNone(opened))
    }))

  it.effect("says which key is not here", () =>
    Effect.gen(function*() {
      const before = yield* ring({ current: "2026-05", keys: { "2026-05": key(1) } })
      const after = yield* ring({ current: "2026-11", keys: { "2026-11": key(2) } })
      const sealed = yield* before.seal(Redacted.make("text"), [])

      const error = yield* Effect.flip(after.open(sealed, []))

      assert.strictEqual(error.message, `The key for seal (${before.current}) is not available`)
      assert.match(before.current, /^2026-05\.[0-9a-f]{8}$/)
    }))

  it.effect("tells other bytes under a known name from a change of the text", () =>
    Effect.gen(function*() {
      const before = yield* ring({ current: "main", keys: { main: key(1) } })
      const after = yield* ring({ current: "main", keys: { main: key(2) } })
      const sealed = yield* before.seal(Redacted.make("text"), [])

      const error = yield* Effect.flip(after.open(sealed, []))

      assert.strictEqual(error._tag, "KeyUnavailable")
    }))

  it.effect("reads a key in each way of writing Base64", () =>
    Effect.gen(function*() {
      const bytes = Buffer.alloc(32, 0xfb)
      const [first, ...others] = yield* Effect.forEach(
        [bytes.toString("base64"), bytes.toString("base64url"), `${bytes.toString("base64")}\n`],
        (text) => ring({ current: "a", keys: { a: Redacted.make(text) } })
      )

      for (const other of others) assert.strictEqual(other.current, first?.current)
    }))

  it.effect("is AES-256-GCM with a nonce before and the tag after", () =>
    Effect.gen(function*() {
      const keyring = yield* Keyring.Keyring
      const { ciphertext, keyId } = yield* keyring.seal(Redacted.make("text"), ["grant", "k", 7])

      const bytes = Buffer.from(ciphertext, "base64url")
      const decipher = createDecipheriv("aes-256-gcm", Buffer.alloc(32, 1), bytes.subarray(0, 12))
      decipher.setAAD(Buffer.from(JSON.stringify([keyId, "grant", "k", 7])))
      decipher.setAuthTag(bytes.subarray(-16))
      const opened = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])

      assert.strictEqual(opened.toString(), "text")
    }).pipe(Effect.provide(Keyring.layer({ current: "a", keys: { a: key(1) } }))))

  describe("refuses", () => {
    const refused: ReadonlyArray<readonly [what: string, options: Keyring.Options, field: string]> = [
      ["a key that is too short", { current: "a", keys: { a: Redacted.make("c2hvcnQ") } }, "keys"],
      ["a key that is too long", { current: "a", keys: { a: Redacted.make("A".repeat(44)) } }, "keys"],
      ["a key that is no Base64", { current: "a", keys: { a: Redacted.make(`${canary} `.repeat(4)) } }, "keys"],
      ["a key in the place of its name", { current: "a", keys: { [`${canary}${"A".repeat(30)}`]: key(1) } }, "keys"],
      ["a current key that is none of them", { current: "b", keys: { a: key(1) } }, "current"],
      ["no keys", { current: "a", keys: {} }, "current"]
    ]
    for (const [what, options, field] of refused) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(ring(options))

          assert.strictEqual(error.reason._tag, "ConfigurationInvalid")
          assert.strictEqual(error.reason._tag === "ConfigurationInvalid" && error.reason.field, field)
          assert.deepStrictEqual(leaks(error), [])
        }))
    }
  })

  describe("layerConfig", () => {
    const options = {
      current: Config.String("SEAL_KEY"),
      keys: Config.Record(Schema.String, Schema.RedactedFromValue(Schema.String), "SEAL_KEYS")
    }
    const build = (env: Record<string, string>) =>
      Effect.provide(Keyring.Keyring, Keyring.layerConfig(options)).pipe(
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
      )
    const base64 = (byte: number) => Buffer.alloc(32, byte).toString("base64")

    it.effect("reads keys from one variable", () =>
      Effect.gen(function*() {
        const keyring = yield* build({ SEAL_KEY: "new", SEAL_KEYS: `old=${base64(1)},new=${base64(2)}` })
        const sealed = yield* (yield* ring({ current: "old", keys: { old: key(1) } })).seal(Redacted.make("x"), [])

        assert.match(keyring.current, /^new\./)
        assert.strictEqual((yield* Effect.exit(keyring.open(sealed, [])))._tag, "Success")
      }))

    it.effect("names the variable that is wrong, and quotes no key", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(build({ SEAL_KEY: "new", SEAL_KEYS: `new=${canary}` }))

        assert.include(error.message, "SEAL_KEYS")
        assert.deepStrictEqual(leaks(error), [])
      }))
  })
})

const key = (byte: number): Redacted.Redacted => Redacted.make(Buffer.alloc(32, byte).toString("base64url"))

const ring = (options: Keyring.Options) =>
  Effect.provide(
    Keyring.Keyring,
    Keyring.layerWith(options).pipe(Layer.provide(TestCrypto.layer()))
  )

const text = (opened: Option.Option<Redacted.Redacted>): string | undefined =>
  Option.getOrUndefined(Option.map(opened, (value) => Redacted.value(value)))
