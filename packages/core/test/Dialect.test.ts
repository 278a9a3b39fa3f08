import { Dialect } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"

describe("Dialect", () => {
  describe("make", () => {
    it("is that of the RFCs without deviations", () => {
      assert.deepStrictEqual(Dialect.make({}), Dialect.rfc6749)
    })

    it("changes what deviates and leaves the rest of the leg", () => {
      const { refreshToken } = Dialect.make({ refreshToken: { scope: "granted" } })

      assert.deepStrictEqual(refreshToken, { ...Dialect.rfc6749.refreshToken, scope: "granted" })
    })

    it("takes a deviation that is undefined for none", () => {
      const dialect = Dialect.make({ authorization: { pkce: undefined }, response: undefined, revocation: undefined })

      assert.deepStrictEqual(dialect, Dialect.rfc6749)
    })

    it("deviates from another dialect where there is one", () => {
      const base = Dialect.make({ clientCredentials: { scopeSeparator: "," } })

      const { clientCredentials } = Dialect.make({ clientCredentials: { parameters: { audience: "api" } } }, base)

      assert.deepStrictEqual(clientCredentials, { parameters: { audience: "api" }, scopeSeparator: "," })
    })
  })
})
