import { Grant, GrantSchema, RotationPolicy, Target, TokenResponse } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result, Schema } from "effect"
import * as RedisReply from "../../src/internal/redisReply.ts"
import * as SealedBodies from "../../src/internal/sealedBodies.ts"
import * as SqlRows from "../../src/internal/sqlRows.ts"
import * as Transaction from "../../src/internal/transaction.ts"

// each is put around what the ones before it have made
const pieces = Schema.Array(Schema.Literals([
  "1e999",
  "-1e999",
  "-0",
  "1e-999",
  "123456789012345678901234567890",
  "null",
  `"\\ud800 \\udc00\\u0000\\u2028"`,
  "[$]",
  "[-0,$]",
  "[$,1e400]",
  `{"a":$}`,
  `{"":$,"2":1,"1":2}`,
  `{"__proto__":$,"constructor":$}`,
  `{"a":1,"a":$}`,
  "[[[[[[[[[[[[[[[[$]]]]]]]]]]]]]]]]"
]))

describe("a pair that a server has answered", () => {
  it.prop(
    "can be saved by every store, or its refresh token is kept, whatever JSON is in the answer [I2] [I12]",
    [pieces, pieces],
    ([kept, detail]) => {
      const judgement = answer(`"kept":${json(kept)},"authorization_details":[{"type":"t","detail":${json(detail)}}]`)

      if (judgement._tag === "Unusable") {
        assert.strictEqual(judgement.refreshToken && Redacted.value(judgement.refreshToken), "r")
        return
      }
      assert.strictEqual(judgement._tag, "Granted")
      if (judgement._tag === "Granted") isSavedWhole(bodyOf(judgement.tokens))
    }
  )

  it("is Unusable, and its refresh token kept, where its details hold a number beyond doubles", () => {
    const judgement = answer(`"authorization_details":[{"type":"t","n":1e999}]`)

    assert.strictEqual(judgement._tag, "Unusable")
    if (judgement._tag !== "Unusable" || judgement.reason._tag !== "ResponseInvalid") return assert.fail()
    assert.deepStrictEqual(
      [judgement.reason.problem, judgement.reason.field],
      ["wrong-type", "authorization_details"]
    )
    assert.strictEqual(judgement.refreshToken && Redacted.value(judgement.refreshToken), "r")
  })

  const members = {
    "a number beyond doubles": ["1e999", undefined],
    "one that is deep inside": [`{"a":[-1e999]}`, undefined],
    "a zero below zero, which is written as zero": ["-0", { kept: 0 }],
    "half a character": [`"\\ud800"`, { kept: "\ud800" }],
    "a name that JavaScript has a use for": [`{"__proto__":1}`, { kept: JSON.parse(`{"__proto__":1}`) }]
  } as const
  for (const [what, [raw, expected]] of Object.entries(members)) {
    it(`holds of a member that is kept what can be read again: ${what}`, () => {
      const judgement = answer(`"kept":${raw}`)

      if (judgement._tag !== "Granted") return assert.fail()
      assert.deepStrictEqual(judgement.tokens.kept, expected)
      isSavedWhole(bodyOf(judgement.tokens))
    })
  }
})

const json = (pieces: ReadonlyArray<string>): string =>
  pieces.reduce((inner, piece) => piece.replaceAll("$", () => inner), "true")

const answer = (members: string): TokenResponse.Judgement =>
  TokenResponse.judge(
    {
      origin: "https://as.test",
      status: 200,
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(`{"access_token":"a","token_type":"Bearer","refresh_token":"r",${members}}`),
      sentAt: 0
    },
    { ...TokenResponse.rfc6749, keep: ["kept"] }
  )

const bodyOf = (tokens: Parameters<typeof Transaction.renewed>[1]): Grant.Open =>
  Transaction.renewed({ _tag: "Open", accessTokens: [] }, tokens, {
    offset: 0,
    need: { target: Target.whole },
    rules: { rotation: RotationPolicy.unknown }
  })

const isSavedWhole = (body: Grant.Open): void => {
  const draft: Grant.Draft = {
    format: Grant.format,
    key: "p|i|c|a",
    state: { _tag: "Active", failures: 0 },
    writeId: "w",
    lineage: "l",
    serial: 1,
    installation: "default",
    body
  }
  const grant = Grant.stand(draft, { version: "v", now: 0 })
  const texts = [
    Result.getOrThrow(SqlRows.encode(draft)).body,
    Result.getOrThrow(RedisReply.encode(draft)).body,
    Result.getOrThrow(SealedBodies.encodeBody(body)),
    JSON.stringify(Result.getOrThrow(GrantSchema.encode(grant)).body),
    JSON.stringify(
      Result.getOrThrow(Schema.encodeResult(GrantSchema.Escrowed)({ expected: "v", grant })).grant.body
    )
  ]
  for (const text of texts) {
    const read = Result.getOrThrow(SealedBodies.decodeBody(text))
    assert.deepStrictEqual(plain(read), plain(body))
  }
}

const plain = (body: Grant.Body): unknown =>
  body._tag === "Sealed" ? body : {
    kept: body.kept,
    details: body.accessTokens.map(({ authorizationDetails: details }) => details && Redacted.value(details))
  }
