import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Base64Url } from "effect/encoding"
import { toText } from "../../src/internal/base64Url.ts"

describe("base64Url", () => {
  describe("toText", () => {
    it.prop("reads the bytes of a text as it was encoded", [Schema.String], ([text]) => {
      const read = new TextDecoder().decode(new TextEncoder().encode(text))

      assert.strictEqual(toText(Base64Url.encode(text)), read)
    })

    it("reads the letters that base64 has others for", () => {
      assert.strictEqual(toText("Pz8_Pj4-"), "???>>>")
    })

    it("throws where it is no base64", () => {
      assert.throws(() => toText("a"))
      assert.throws(() => toText("a.b"))
    })
  })
})
