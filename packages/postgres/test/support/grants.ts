/** Records to try a store with. */
import { Grant, GrantKey } from "@effect-oauth/core"
import { Redacted } from "effect"

export const keyOf = (account: string, provider = "test"): GrantKey.GrantKey =>
  GrantKey.make({ provider, issuer: "https://as.test", client: "client", account })

export const key = keyOf("ada")

export const draft = (changes?: Partial<Grant.Draft>): Grant.Draft => ({
  format: Grant.format,
  key: key.id,
  state: { _tag: "Active", failures: 0 },
  writeId: "write-1",
  lineage: "lineage-1",
  serial: 0,
  installation: "default",
  body: {
    _tag: "Open",
    accessTokens: [{ target: "", value: Redacted.make("access-1"), type: "Bearer", issuedAt: 1 }],
    refreshToken: Redacted.make("refresh-1")
  },
  ...changes
})
