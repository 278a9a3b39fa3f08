/**
 * The token endpoint: one request, one answer, judged (RFC 6749, section 3.2).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { OAuthError } from "./OAuthError.ts"
import type { TokenRequest } from "./TokenRequest.ts"
import type { Judgement } from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"

/**
 * The token endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenEndpoint extends Context.Service<TokenEndpoint, {
  /**
   * Sends a request once and judges what comes back. It never fails: whatever
   * happens is a judgement, as what to do next depends on it. `timeLimit` bounds
   * connect, headers and body together.
   */
  readonly exchange: (
    request: TokenRequest,
    options?: { readonly timeLimit?: Duration.Duration | undefined }
  ) => Effect.Effect<Judgement>

  /**
   * Sends a request once and succeeds with its tokens.
   */
  readonly request: (request: TokenRequest) => Effect.Effect<TokenSet, OAuthError>
}>()("@effect-oauth/core/TokenEndpoint") {}
