/**
 * Telling a server that a token is no longer wanted (RFC 7009).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { OAuthError } from "./OAuthError.ts"

/**
 * What is revoked (RFC 7009, section 2.1).
 *
 * @category models
 * @since 0.1.0
 */
export type TokenTypeHint = "refresh_token" | "access_token"

/**
 * The revocation endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class Revocation extends Context.Service<Revocation, {
  /**
   * Revokes a token. `unsupported` when the server has no revocation endpoint,
   * or does not revoke tokens of this type.
   */
  readonly revoke: (
    token: Redacted.Redacted,
    hint: TokenTypeHint
  ) => Effect.Effect<"done" | "unsupported", OAuthError>
}>()("@effect-oauth/core/Revocation") {}
