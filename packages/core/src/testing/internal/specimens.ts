/**
 * Records to try a store with.
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Grant from "../../Grant.ts"
import * as GrantKey from "../../GrantKey.ts"

/** Keys and drafts of one law: they share nothing with those of another, in the same store or an older run. */
export interface Specimens {
  readonly provider: string
  readonly key: (account: string, provider?: string) => GrantKey.GrantKey
  readonly draft: (key: GrantKey.GrantKey, changes?: Partial<Grant.Draft>) => Grant.Draft
}

export const make: Effect.Effect<Specimens> = Effect.gen(function*() {
  const provider = `contract-${(yield* Random.nextIntBetween(0, 2 ** 48)).toString(36)}`
  let written = 0
  return {
    provider,
    key: (account, name = provider) =>
      GrantKey.make({ provider: name, issuer: "https://as.test", client: "client", account }),
    draft: (key, changes) => ({
      format: Grant.format,
      key: key.id,
      state: { _tag: "Active", failures: 0 },
      writeId: `${provider}-${++written}`,
      lineage: "lineage-1",
      serial: written,
      installation: "default",
      body: {
        _tag: "Open",
        accessTokens: [{ target: "", value: Redacted.make("access"), type: "Bearer", issuedAt: 1 }],
        refreshToken: Redacted.make("refresh")
      },
      ...changes
    })
  }
})

/** What a draft can say of time, by itself and with what else a head may hold. */
export const everyInstant: Partial<Grant.Draft> = {
  dueIn: 90_000.25,
  retryIn: 0,
  leaseFor: 30_000,
  authorizedAt: 1,
  usedAt: 2,
  note: { what: "Claimed", by: "a process", why: "attempt-2" }
}

/** Accounts that are easily taken for one another, or for something else. */
export const awkwardAccounts: ReadonlyArray<string> = [
  "ada",
  "Ada",
  "ADA",
  "ada ",
  " ada",
  "ada|eve",
  "ada%7Ceve",
  "ada%257Ceve",
  "ada/eve",
  "ada\\eve",
  "../ada",
  "..",
  ".",
  "ada*",
  "ada?",
  "ada%",
  "ada_",
  "ad_",
  "ada:eve",
  "ada'--",
  "\"ada\"",
  "ada\neve",
  "ada\u0000eve",
  "CON",
  "Åda",
  "A\u030ada",
  "ada😀",
  "艾达",
  "x".repeat(2000),
  `${"x".repeat(1999)}y`,
  "é".repeat(700)
]

/** Text that some layer below may want to change. */
const awkwardText = "a\u0000b\u001fc\"d'e\\f\ng\r\nh\u2028i😀j\u202ek%s$1{}</script>é"

/** Records that differ in what they hold, by name. */
export const records: ReadonlyArray<{ readonly name: string; readonly changes: Partial<Grant.Draft> }> = [
  { name: "an active record", changes: { state: { _tag: "Active", failures: 3 } } },
  {
    name: "a record that is being renewed",
    changes: {
      state: {
        _tag: "Renewing",
        holder: "node-1/42",
        presented: "digest",
        startedAt: 1_900_000_000_123,
        settle: 2500,
        attempt: 2
      }
    }
  },
  {
    name: "a record whose renewal has an unknown outcome",
    changes: { state: { _tag: "Indeterminate", presented: "digest", since: 1_900_000_000_123, attempt: 7 } }
  },
  ...([
    "GrantRejected",
    "RotationLost",
    "IdentityMismatch",
    "NoRefreshToken",
    "RefreshTokenSpent",
    "RefreshTokenExpired",
    "Ended"
  ] as const).map((why) => ({
    name: `a record that must be authorized again (${why})`,
    changes: {
      state: {
        _tag: "ReauthorizationRequired" as const,
        why,
        at: 1_900_000_000_123,
        presented: "digest",
        description: awkwardText
      }
    }
  })),
  {
    name: "a record that must be authorized again, with nothing said",
    changes: { state: { _tag: "ReauthorizationRequired", why: "GrantRejected", at: 0 } }
  },
  ...(["done", "pending", "unsupported"] as const).map((remote) => ({
    name: `a revoked record (${remote})`,
    changes: { state: { _tag: "Revoked" as const, at: 1_900_000_000_123, remote } }
  })),
  {
    name: "a record with everything in its body",
    changes: {
      body: {
        _tag: "Open",
        accessTokens: ["", "https://api.test/ read", "https://other.test/"].map((target) => ({
          target,
          value: Redacted.make(`access for ${target}`),
          type: "Bearer",
          issuedAt: 1_899_999_999_123,
          expiresAt: 1_900_000_000_123.5,
          refreshAt: 1_900_000_000_000.5,
          scopes: ["read", "write"]
        })),
        refreshToken: Redacted.make(awkwardText),
        refreshTokenExpiresAt: 1_900_000_000_123,
        refreshTokenKept: true,
        quarantined: { refreshToken: Redacted.make("quarantined"), problem: "missing token_type" },
        scopes: ["read", "write"],
        subject: awkwardText,
        kept: {
          [awkwardText]: awkwardText,
          nested: { list: [1, -0.5, 1e21, 1e-7, true, false, null, "", [], {}], constructor: "x" },
          null: null
        },
        thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
      }
    }
  },
  { name: "a record with an empty body", changes: { body: { _tag: "Open", accessTokens: [] } } },
  {
    name: "a sealed record",
    changes: { body: { _tag: "Sealed", keyId: "key/2031 \"a\"", ciphertext: "AAECAwQFBgcICQ==" } }
  },
  {
    name: "a record of 200 kilobytes",
    changes: { body: { _tag: "Sealed", keyId: "k", ciphertext: "0123456789abcdef".repeat(12_800) } }
  },
  {
    name: "a record with awkward text in its head",
    changes: { lineage: awkwardText, installation: awkwardText, serial: 0 }
  },
  {
    name: "a record that says what its write was",
    changes: {
      authorizedAt: 1_900_000_000_123,
      note: { what: awkwardText, by: awkwardText, why: awkwardText }
    }
  },
  { name: "a record of a newer format", changes: { format: Grant.format + 1 } }
]
