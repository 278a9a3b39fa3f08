/**
 * How a source lets requests carry its tokens, in steps that whoever sends may take by itself: of many requests that carry
 * a token as it is, none needs an effect made for that.
 */
import type * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type { OAuthError } from "../OAuthError.ts"
import type { AccessToken } from "../TokenSet.ts"
import type { Authorized } from "../TokenSource.ts"

/** The steps of an `authorize`. */
export interface Steps {
  readonly token: Effect.Effect<AccessToken, OAuthError>
  /** For a token that needs a proof. */
  readonly prove: (
    request: HttpClientRequest.HttpClientRequest,
    token: AccessToken
  ) => Effect.Effect<Authorized, OAuthError>
}

/**
 * The steps of those that are known by them. They are the function's and not its source's: a source with an `authorize` of
 * its own has none here, whatever else it took from another.
 */
export const steps = new WeakMap<object, Steps>()

/** The value of the `Authorization` header (RFC 6750, section 2.1; RFC 9449, section 7.1). */
export const authorization = ({ type, value }: AccessToken): string => `${type} ${Redacted.value(value)}`

/**
 * Attaches tokens. Most requests have the headers of the one before, which are none, and its token: they share what was
 * made of the two, since headers are never changed.
 */
export const make = (): (
  request: HttpClientRequest.HttpClientRequest,
  token: AccessToken
) => HttpClientRequest.HttpClientRequest => {
  let last: AccessToken | undefined
  let without = Headers.empty
  let attached = Headers.empty
  return ({ body, hash, headers, method, url, urlParams }, token) => {
    if (token !== last || headers !== without) {
      attached = Headers.set(headers, "authorization", authorization(token))
      last = token
      without = headers
    }
    return HttpClientRequest.makeWith(method, url, urlParams, hash, attached, body)
  }
}
