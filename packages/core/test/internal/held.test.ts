import { Grant, GrantKey } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Schema } from "effect"
import * as Held from "../../src/internal/held.ts"

describe("Held", () => {
  describe("Records", () => {
    const instant = Schema.UndefinedOr(Schema.Finite)

    it.prop(
      "gives back the record that was held, whatever its instants, texts and numbers",
      [instant, instant, instant, instant, Schema.Finite, instant, Schema.String, Schema.Int],
      ([authorizedAt, changedAt, dueAt, usedAt, issuedAt, expiresAt, text, serial]) => {
        const grant = record(
          present({ authorizedAt, changedAt, dueAt, usedAt, lineage: text, version: text, serial }),
          {
            tokens: [{ ...token, ...present({ expiresAt }), issuedAt }]
          }
        )

        assert.deepStrictEqual(again(grant), grant)
      }
    )

    it("gives to no record what is another's, where a member is there and undefined", () => {
      const records = new Held.Records()
      const bound = record({}, { more: { thumbprint: "key" } })
      const none: object = { scopes: undefined }
      const other = { ...record({}, { more: none }), key: bound.key + "2" }
      records.set(bound)
      records.set(other)

      assert.deepStrictEqual(records.get(other.key), other)
    })

    for (const [name, grant] of Object.entries(records())) {
      it(`gives back ${name}`, () => {
        assert.deepStrictEqual(again(grant), grant)
      })
    }

    it("gives the very tokens that were held", () => {
      const grant = record({}, { refreshToken: Redacted.make("refresh") })

      const given = again(grant)

      assert.isDefined(given)
      assert.strictEqual(Grant.refreshToken(given), Grant.refreshToken(grant))
      assert.strictEqual(Grant.accessToken(given, "")?.value, Grant.accessToken(grant, "")?.value)
    })
  })

  describe("make", () => {
    it("holds once what records have in common", () => {
      const hold = Held.make()

      const { state } = record({})

      const one = flat(hold(record({ serial: 1, state }, { more: { scopes: ["a"] } })))
      const other = flat(hold(record({ serial: 2, state }, { more: { scopes: ["a"] } })))

      assert.strictEqual(one.head, other.head)
      assert.strictEqual(one.rest, other.rest)
      assert.strictEqual(one.token, other.token)
    })

    it("tells apart what records have not in common", () => {
      const hold = Held.make()
      const grants = Object.values(records())

      const held = grants.map(hold)

      assert.deepStrictEqual(held.map((each, index) => Held.toGrant(each, grants[index]?.key ?? "")), grants)
    })

    it("shares nothing that is one person's own", () => {
      const hold = Held.make()

      const [one, other] = [1, 2].map(() => flat(hold(record({}, { more: { subject: "ada" } }))))

      assert.notStrictEqual(one?.rest, other?.rest)
    })
  })

  describe("of", () => {
    it("finds what is held by the record that was set, and by each that was got", () => {
      const records = new Held.Records()
      const grant = record({})
      records.set(grant)
      const [one, other] = [records.get(grant.key), records.get(grant.key)]

      const held = flat(Held.of(grant))

      assert.strictEqual(one === undefined ? undefined : Held.of(one), held)
      assert.strictEqual(other === undefined ? undefined : Held.of(other), held)
    })

    it("takes a record that was made of one that was got for another", () => {
      const changed = { ...record({}), ...again(record({})), serial: 2 }

      assert.strictEqual(Held.of(changed), changed)
    })
  })

  describe("small", () => {
    it.prop("is the number itself", [Schema.Finite], ([number]) => {
      assert.strictEqual(Held.small(number), number)
    })
  })
})

const token: Grant.AccessToken = { target: "", value: Redacted.make("access"), type: "Bearer", issuedAt: 1_000 }

const record = (
  members: Partial<Grant.Grant>,
  { more, refreshToken, tokens = [token] }: {
    readonly more?: Partial<Grant.Open>
    readonly refreshToken?: Redacted.Redacted
    readonly tokens?: ReadonlyArray<Grant.AccessToken>
  } = {}
): Grant.Grant => ({
  format: Grant.format,
  key: GrantKey.make({ provider: "test", issuer: "https://as.test", client: "client", account: "ada" }).id,
  state: { _tag: "Active", failures: 0 },
  writeId: "write",
  lineage: "lineage",
  serial: 1,
  installation: "default",
  version: "1",
  changedAt: 1_000,
  body: { _tag: "Open", accessTokens: tokens, ...present({ refreshToken }), ...more },
  ...members
})

function records(): Readonly<Record<string, Grant.Grant>> {
  const refreshToken = Redacted.make("refresh")
  const presented = "digest"
  const claim = { holder: "a", presented, startedAt: 1, settle: 1, attempt: 1 }
  return {
    "a record of a grant that gives tokens": record({ dueAt: 2_000, usedAt: 500 }, { refreshToken }),
    "a version that is no number": record({ version: "01" }),
    "a claim": record({ state: { _tag: "Renewing", ...claim }, leaseUntil: 60_000 }, { refreshToken }),
    "a grant that rests": record({ state: { _tag: "Active", failures: 1 }, retryAt: 9_000 }, { refreshToken }),
    "failures without a rest": record({ state: { _tag: "Active", failures: 1 } }),
    "a grant that has ended": record({ state: { _tag: "ReauthorizationRequired", why: "Ended", at: 1 } }),
    "a sealed body": record({ body: { _tag: "Sealed", keyId: "k", ciphertext: "c" } }),
    "no access token": record({}, { tokens: [] }),
    "several access tokens": record({}, { tokens: [token, { ...token, target: "https://api.test" }] }),
    "a token of another target": record({}, { tokens: [{ ...token, target: "https://api.test" }] }),
    "other scopes": record({}, { more: { scopes: ["a", "b"] }, tokens: [{ ...token, scopes: ["b"] }] }),
    "scopes in another order": record({}, { more: { scopes: ["b", "a"] }, tokens: [{ ...token, scopes: ["a"] }] }),
    "a note": record({ last: { what: "Authorized", by: "a" } }),
    "a person": record({}, { more: { subject: "ada", kept: { team: "1" } } }),
    "another person": record({}, { more: { subject: "bob", kept: { team: "2" } } }),
    "a refresh token that ends": record({}, { refreshToken, more: { refreshTokenExpiresAt: 90_000 } }),
    "members that a later version has added": Object.assign(record({}), { head: { a: 1 } })
  }
}

const again = (grant: Grant.Grant): Grant.Grant | undefined => {
  const records = new Held.Records()
  records.set(grant)
  return records.get(grant.key)
}

const present = <A extends object>(members: A): { [K in keyof A]: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never

const flat = (held: Held.Held): Extract<Held.Held, { readonly head: unknown }> => {
  if ("state" in held) return assert.fail("is held as it is")
  return held
}
