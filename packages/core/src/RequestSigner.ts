/**
 * How authorization requests are signed, so that nobody on the way can change
 * them (RFC 9101). Core asks; `@effect-oauth/core/jose/RequestObject` answers.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { Effect } from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { OAuthError } from "./OAuthError.ts"
import type { Parameters } from "./TokenRequest.ts"

/**
 * Signs the requests of one client for one authorization server. Where it is in
 * context, `Login` signs every request.
 *
 * @category services
 * @since 0.1.0
 */
export class RequestSigner extends Context.Service<RequestSigner, {
  /** Signs a request: every parameter of it is in the object, and `client_id` tells whose it is. */
  readonly sign: (parameters: Parameters) => Effect<Redacted.Redacted, OAuthError>

  /**
   * Puts an object where the server fetches it and gives its address. Without it
   * objects go by value. Where the server takes pushed requests they are pushed.
   */
  readonly publish?: ((object: Redacted.Redacted) => Effect<string, OAuthError>) | undefined

  /** Whether others than the server can read an object: `"seen"` where it is signed and goes by value. */
  readonly visibility: "seen" | "hidden"
}>()("@effect-oauth/core/RequestSigner") {}
