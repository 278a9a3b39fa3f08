/**
 * Who a login was about, as an ID token says once it has been verified (OpenID
 * Connect Core, section 2).
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type * as GrantSchema from "./GrantSchema.ts"
import { member } from "./internal/json.ts"

/**
 * What is kept of an identity with its grant, so that a renewal can be compared
 * with the login.
 *
 * @category models
 * @since 0.1.0
 */
export type Kept = typeof GrantSchema.KeptIdentity.Type

/**
 * Who a login was about.
 *
 * **Gotchas**
 *
 * Issuer and subject together name a person, and nothing else does: an e-mail
 * address, a name or a telephone number changes hands (OpenID Connect Core,
 * section 5.7). Use {@link id} as the key of an account.
 *
 * @category models
 * @since 0.1.0
 */
export interface Identity extends Kept {
  /** Seconds since the epoch, by the server's clock. */
  readonly expiresAt: number
  /** The authentication context class (`acr`), where the server tells. */
  readonly authenticationContext?: string | undefined
  /** Every claim, those that nobody here knows included. They are private to the person. */
  readonly claims: Redacted.Redacted<Schema.JsonObject>
}

/**
 * The one name of a person: issuer and subject, compared code point by code
 * point.
 *
 * @category getters
 * @since 0.1.0
 */
export const id = (self: Pick<Kept, "issuer" | "subject">): string =>
  [self.issuer, self.subject].map((text) => encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"))).join("|")

/**
 * What is kept of an identity with its grant.
 *
 * @category getters
 * @since 0.1.0
 */
export const kept = (self: Identity): Kept => ({
  issuer: self.issuer,
  subject: self.subject,
  audience: self.audience,
  issuedAt: self.issuedAt,
  ...(self.authenticatedAt === undefined ? {} : { authenticatedAt: self.authenticatedAt }),
  ...(self.nonce === undefined ? {} : { nonce: self.nonce })
})

/**
 * A claim by its name, in a language (`"name"`, `"ja"`) where it is asked for and
 * there (OpenID Connect Core, section 5.2). `null` counts as absent.
 *
 * @category getters
 * @since 0.1.0
 */
export const claim = (
  self: { readonly claims: Redacted.Redacted<Schema.JsonObject> },
  name: string,
  language?: string
): Schema.Json | undefined => {
  const claims = Redacted.value(self.claims)
  return (language === undefined ? undefined : member(claims, `${name}#${language}`)) ?? member(claims, name)
}
