/**
 * How a client authenticates to an authorization server (RFC 6749, section 2.3).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { OAuthError } from "./OAuthError.ts"
import type { Parameters } from "./TokenRequest.ts"

/**
 * The endpoints at which a client authenticates.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint = "token" | "revocation" | "introspection" | "device-authorization"

/**
 * What a request carries so that the client is recognised.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials {
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  readonly parameters: Parameters
}

/**
 * Client authentication: the client's identifier, and its credentials as an
 * effect that is run for every request, so that a rotated secret is used
 * without a restart.
 *
 * @category services
 * @since 0.1.0
 */
export class ClientAuthentication extends Context.Service<ClientAuthentication, {
  readonly clientId: string
  readonly credentials: (endpoint: Endpoint) => Effect.Effect<Credentials, OAuthError>
}>()("@effect-oauth/core/ClientAuthentication") {}
