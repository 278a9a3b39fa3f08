/**
 * A request to an endpoint of an authorization server as it will be sent, and the two hooks by which a dialect says what
 * data cannot: one on the request, one on the answer.
 *
 * The RFCs write every such request as a POST of a form (RFC 6749, section 3.2; RFC 7009, section 2.1; RFC 7662, section
 * 2.1; RFC 8628, section 3.1).
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type { Endpoint } from "./ClientAuthentication.ts"
import type { ConfigurationInvalid, KeyUnavailable } from "./OAuthError.ts"
import type { Parameters } from "./TokenRequest.ts"
import type { Answer } from "./TokenResponse.ts"

/**
 * A request, credentials included.
 *
 * @category models
 * @since 0.1.0
 */
export interface EndpointRequest {
  readonly endpoint: Endpoint
  /** The `grant_type`, at the token endpoint. */
  readonly grantType?: string | undefined
  readonly method: "GET" | "POST"
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | Redacted.Redacted>>
  readonly parameters: Parameters
  /** Where the parameters are. A GET has no body, so it needs `query`. */
  readonly encoding: "form" | "json" | "query"
  /** What the grant keeps of its callback and its answers. */
  readonly kept: Readonly<Record<string, Json>>
}

/**
 * Changes a request before it is sent.
 *
 * @category models
 * @since 0.1.0
 */
export type OnRequest = (
  request: EndpointRequest
) => Effect.Effect<EndpointRequest, ConfigurationInvalid | KeyUnavailable>

/**
 * Which answer it is: of which endpoint, to which grant type, and, where one
 * answer gives several grants, for which part.
 *
 * @category models
 * @since 0.1.0
 */
export interface About {
  readonly endpoint: Endpoint
  readonly grantType?: string | undefined
  readonly part?: string | undefined
}

/**
 * Changes an answer before it is judged: pure, and total. One that throws leaves
 * the answer as it came.
 *
 * @category models
 * @since 0.1.0
 */
export type OnAnswer = (answer: Answer, about: About) => Answer
