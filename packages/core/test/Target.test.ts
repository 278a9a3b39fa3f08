import { Target } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"

describe("Target", () => {
  describe("make", () => {
    it("takes no scope for a resource", () => {
      const resource = Target.make({ resource: "https://api.test/read" })
      const scope = Target.make({ scopes: ["https://api.test/read"] })

      assert.notStrictEqual(resource.id, scope.id)
    })

    it("gives the grant's one target an empty id", () => {
      assert.strictEqual(Target.make({}).id, Target.whole.id)
    })
  })

  describe("fromId", () => {
    it("gives back details, and takes them for no scope", () => {
      const authorizationDetails = [{ type: "payment", note: "= %3D é" }]

      const target = Target.fromId(Target.make({ scopes: ["read"], authorizationDetails }).id)

      assert.deepStrictEqual([target.authorizationDetails, target.scopes], [authorizationDetails, ["read"]])
    })

    it("does not widen a target whose details cannot be read", () => {
      assert.deepStrictEqual(Target.fromId(" read =%5B").scopes, ["read", "=["])
    })

    for (
      const options of [
        {},
        { resource: "https://api.test/a b?c=|" },
        { scopes: ["write", "read all"] },
        { resource: "https://api.test/", scopes: ["é", "%20"] }
      ]
    ) {
      it(`gives back ${JSON.stringify(options)}`, () => {
        const target = Target.make(options)

        const { id, resource, scopes } = Target.fromId(target.id)

        assert.deepStrictEqual([id, resource, [...scopes].sort()], [
          target.id,
          target.resource,
          [...target.scopes].sort()
        ])
      })
    }
  })
})
