import { Grant, GrantKey, GrantSchema } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"

describe("Grant", () => {
  it.prop(
    "is the same after encoding and decoding",
    [GrantSchema.State, Schema.String, Schema.Int],
    ([state, text, serial]) => {
      const grant = record({ state, serial, text })

      const json: unknown = JSON.parse(JSON.stringify(Result.getOrThrow(GrantSchema.encode(grant))))
      const again = Result.getOrThrow(GrantSchema.decode(json))

      assert.strictEqual(plain(again), plain(grant))
    }
  )

  it.prop("is a grant or an issue, whatever is decoded [I12]", [Schema.Json], ([json]) => {
    const decoded = GrantSchema.decode(json)

    assert.isTrue(Result.isSuccess(decoded) || Result.isFailure(decoded))
  })

  it.prop(
    "is a grant or an issue, whatever a member becomes [I12]",
    [Schema.Literals(["format", "key", "state", "writeId", "lineage", "serial", "body", "version"]), Schema.Json],
    ([member, json]) => {
      const encoded = { ...Result.getOrThrow(GrantSchema.encode(record({}))), [member]: json }

      const decoded = GrantSchema.decode(encoded)

      assert.isTrue(Result.isSuccess(decoded) || Result.isFailure(decoded))
    }
  )

  it("keeps its tokens out of strings", () => {
    const grant = record({ text: "canary" })

    assert.notInclude(JSON.stringify(grant), "canary-token")
    assert.strictEqual(Grant.refreshToken(grant)?.toString(), "<redacted>")
  })
})

describe("GrantKey", () => {
  it.prop("is found again by its id", [Schema.String, Schema.String, Schema.String, Schema.String], (fields) => {
    const [provider, issuer, client, account] = fields.map((field) => field.replace(/\p{Surrogate}/gu, ""))
    const key = GrantKey.make({
      provider: provider ?? "",
      issuer: issuer ?? "",
      client: client ?? "",
      account: account ?? "",
      part: "bot"
    })

    assert.deepStrictEqual(GrantKey.fromId(key.id), key)
  })

  it("tells keys apart whose fields hold the separator", () => {
    const one = GrantKey.make({ provider: "a|b", issuer: "c", client: "d", account: "e" })
    const other = GrantKey.make({ provider: "a", issuer: "b|c", client: "d", account: "e" })

    assert.notStrictEqual(one.id, other.id)
  })

  it("is not made of what is no id", () => {
    for (const text of ["", "a", "a|b|c", "a|b|c|d|e|f", "a|b|c|%zz", "a|b|c|%41"]) {
      assert.isUndefined(GrantKey.fromId(text))
    }
  })
})

const record = (options: {
  readonly state?: Grant.State
  readonly serial?: number
  readonly text?: string
}): Grant.Grant => ({
  format: Grant.format,
  key: GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account: "ada" }).id,
  state: options.state ?? { _tag: "Active", failures: 0 },
  version: "1",
  writeId: "write",
  lineage: "lineage",
  serial: options.serial ?? 1,
  installation: "default",
  dueAt: 1,
  body: {
    _tag: "Open",
    accessTokens: [{ target: "", value: Redacted.make(`${options.text}-token`), type: "Bearer", issuedAt: 0 }],
    refreshToken: Redacted.make(`${options.text}-token`)
  }
})

// as text: JSON knows no negative zero
const plain = (grant: Grant.Grant): string => JSON.stringify(Result.getOrThrow(GrantSchema.encode(grant)))
