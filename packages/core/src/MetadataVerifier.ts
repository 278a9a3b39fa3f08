/**
 * How metadata that somebody signed is verified (RFC 8414, section 2.1; RFC
 * 9728, section 2.2). Core asks; `@effect-oauth/core/jose/SignedMetadata`
 * answers.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { Effect } from "effect/Effect"
import type { JsonObject } from "effect/Schema"
import type { OAuthError } from "./OAuthError.ts"

/**
 * Verifies signed metadata. Where it is in context, what is signed wins over what
 * is not, and metadata whose signature or signer is not good is refused; where it
 * is not, the plain members count.
 *
 * @category services
 * @since 0.1.0
 */
export class MetadataVerifier extends Context.Service<MetadataVerifier, {
  /**
   * Verifies a token (`signed_metadata`) and gives its claims. The signer is
   * looked at first: for another's token no key is asked for.
   */
  readonly verify: (
    token: string,
    about: "server-metadata" | "resource-metadata"
  ) => Effect<JsonObject, OAuthError>
}>()("@effect-oauth/core/MetadataVerifier") {}
