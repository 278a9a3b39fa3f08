/**
 * What the records in `fixtures/format-1` mean. The files were written by the first version, and are never written
 * again: a change that they do not survive needs a new format.
 */
import { type Grant, GrantKey, Keyring } from "@effect-oauth/core"
import { Redacted } from "effect"
import { SecureRandom } from "effect/crypto"

export const key = GrantKey.make({
  provider: "test",
  issuer: "https://as.test/a|b",
  client: "client id",
  account: "ada@example.com",
  part: "bot"
})

const common = {
  format: 1,
  key: key.id,
  version: "7-w",
  writeId: "w",
  lineage: "l",
  serial: 3,
  installation: "default"
} as const

export const records = {
  active: {
    ...common,
    state: { _tag: "Active", failures: 2 },
    authorizedAt: 1_900_000_000_000,
    usedAt: 1_900_000_000_500,
    changedAt: 1_900_000_001_000,
    dueAt: 1_900_000_002_000.5,
    retryAt: 1_900_000_003_000,
    last: { what: "Renewed", by: "node-1", why: "Expiring" },
    body: {
      _tag: "Open",
      accessTokens: [
        {
          target: "",
          value: Redacted.make("access \"1\" é"),
          type: "Bearer",
          issuedAt: 1_900_000_000_000,
          expiresAt: 1_900_003_600_000,
          scopes: ["read", "write"],
          thumbprint: "access-thumbprint"
        },
        {
          target: "https%3A%2F%2Fapi.test%2F read",
          value: Redacted.make("access 2"),
          type: "DPoP",
          issuedAt: 1_900_000_000_001
        }
      ],
      refreshToken: Redacted.make("refresh"),
      refreshTokenExpiresAt: 1_901_000_000_000,
      refreshTokenKept: true,
      quarantined: { refreshToken: Redacted.make("quarantined"), problem: "ResponseInvalid" },
      scopes: ["read", "write", "offline_access"],
      resources: ["https://api.test/"],
      subject: "user-1",
      kept: { instance_url: "https://eu.test", nested: { list: [1, null, true] } },
      thumbprint: "refresh-thumbprint"
    }
  },
  renewing: {
    ...common,
    leaseUntil: 1_900_000_030_000,
    state: {
      _tag: "Renewing",
      holder: "holder",
      presented: "digest",
      startedAt: 1_900_000_000_000,
      settle: 10_000,
      attempt: 2,
      failures: 1
    },
    body: { _tag: "Open", accessTokens: [], refreshToken: Redacted.make("refresh") }
  },
  indeterminate: {
    ...common,
    state: { _tag: "Indeterminate", presented: "digest", since: 1_900_000_000_000, attempt: 3, failures: 4 },
    body: { _tag: "Open", accessTokens: [] }
  },
  reauthorization: {
    ...common,
    state: {
      _tag: "ReauthorizationRequired",
      why: "RotationLost",
      at: 1_900_000_000_000,
      presented: "digest",
      description: "Token is not active"
    },
    body: { _tag: "Open", accessTokens: [] }
  },
  revoked: {
    ...common,
    state: { _tag: "Revoked", at: 1_900_000_000_000, remote: "pending" },
    body: { _tag: "Open", accessTokens: [] }
  },
  least: {
    ...common,
    state: { _tag: "Active", failures: 0 },
    body: { _tag: "Open", accessTokens: [] }
  }
} satisfies Record<string, Grant.Grant>

/** A value with its secrets in the open, to be compared. */
export const plain = (value: unknown): unknown =>
  Redacted.isRedacted(value)
    ? { secret: Redacted.value(value) }
    : Array.isArray(value)
    ? value.map(plain)
    : typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
    : value

export const keyring = Keyring.layer({
  current: "2030",
  keys: { "2030": Redacted.make("c2l4dGVlbiBieXRlcyBhbmQgc2l4dGVlbiBtb3JlISE") }
})

export const random = SecureRandom.layerWebCrypto
