import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { sameText } from "../../src/internal/text.ts"

describe("text", () => {
  it("compares every byte of what comes from outside with what was sent: state, nonce and digests [OIDC-16.12-a]", () => {
    const sources = path.resolve(import.meta.dirname, "../../src")
    for (
      const [module, comparison] of [
        ["AuthorizationResponse.ts", "sameText(Redacted.value(self.state), Redacted.value(pending.state))"],
        ["EndSession.ts", "sameText(Redacted.value(arrived.state), Redacted.value(state))"],
        ["jose/internal/claims.ts", "sameText(nonce, expected.sent)"],
        ["jose/internal/claims.ts", "sameText(hash, expected)"]
      ] as const
    ) {
      assert.include(fs.readFileSync(path.join(sources, module), "utf8"), comparison)
    }
    assert.include(fs.readFileSync(path.join(sources, "internal/text.ts"), "utf8"), "Mac.timingSafeEqual")
  })

  it("tells the same from another, in any letters", () => {
    assert.isTrue(sameText("état", "état"))
    assert.isFalse(sameText("état", "e\u0301tat"))
    assert.isFalse(sameText("abc", "abd"))
    assert.isFalse(sameText("abc", "ab"))
  })
})
