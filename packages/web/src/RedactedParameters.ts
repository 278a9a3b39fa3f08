/**
 * Parameters of addresses that are secrets for as long as they count: what an
 * answer to a login or to a sign-out carries (RFC 6749, section 4.1.2).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"

/**
 * Their names.
 *
 * @category configuration
 * @since 0.1.0
 */
export const names: ReadonlyArray<string> = ["code", "state", "id_token_hint", "logout_hint", "sid"]

/**
 * Keeps them out of the spans that the server records of requests, which hold
 * their addresses.
 *
 * **When to use**
 *
 * Provide it to `HttpRouter.serve`. A span is the server's, and begins before any
 * route is found, so the routes themselves cannot see to it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.effectContext(
  Effect.map(
    UrlParams.CurrentRedactedNames,
    (others) => Context.make(UrlParams.CurrentRedactedNames, [...others, ...names])
  )
)
