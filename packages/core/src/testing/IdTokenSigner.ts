/**
 * What a test authorization server signs ID tokens with. A signer with keys is
 * `TestSigner` of `@effect-oauth/core/jose/testing`; without one no test loads
 * what signatures take.
 *
 * @since 0.1.0
 */
import type { Effect } from "effect/Effect"
import type { Json } from "effect/Schema"

/**
 * The claims of a token, or the members of its header.
 *
 * @category models
 * @since 0.1.0
 */
export type Members = Readonly<Record<string, Json>>

/**
 * Signs ID tokens, and publishes the keys that verify them.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdTokenSigner {
  /** What it signs with, as metadata announces it. */
  readonly algorithms: ReadonlyArray<string>
  /** The JSON Web Key Set as it is published now. */
  readonly jwks: Effect<Members>
  /** A signed token with these claims. */
  readonly sign: (claims: Members) => Effect<string>
}
