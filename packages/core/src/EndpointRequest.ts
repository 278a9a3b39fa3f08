/**
 * A request to an endpoint of an authorization server as it will be sent, and
 * the three hooks by which a dialect says what data cannot: one on the request,
 * one on the answer, and one that sends what follows an answer with tokens.
 *
 * The RFCs write every such request as a POST of a form (RFC 6749, section 3.2;
 * RFC 7009, section 2.1; RFC 7662, section 2.1; RFC 8628, section 3.1).
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import type { Endpoint } from "./ClientAuthentication.ts"
import type { ConfigurationInvalid, KeyUnavailable, OAuthErrorReason } from "./OAuthError.ts"
import type { Parameters } from "./TokenRequest.ts"
import type { Answer, Judgement } from "./TokenResponse.ts"
import type { TokenSet } from "./TokenSet.ts"

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
  readonly method: "DELETE" | "GET" | "POST"
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | Redacted.Redacted>>
  readonly parameters: Parameters
  /** Where the parameters are. A GET has no body, so it needs `query`. */
  readonly encoding: "form" | "json" | "query" | Encode
  /** What the grant keeps of its callback and its answers. */
  readonly kept: Readonly<Record<string, Json>>
}

/**
 * Writes the parameters of a request as a body of another kind: pure. Where it
 * throws, nothing is sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Encode = (parameters: URLSearchParams) => { readonly contentType: string; readonly body: string }

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

/**
 * A further request to the server, written by `onRequest` as every other; its
 * answer is shaped by `onAnswer`, and not judged.
 *
 * @category models
 * @since 0.1.0
 */
export interface FollowUp extends Pick<EndpointRequest, "endpoint" | "grantType" | "parameters" | "url"> {
  /** What the address is called where it was set. */
  readonly field: string
  readonly kept?: EndpointRequest["kept"] | undefined
}

/**
 * What is known of tokens that are completed, and how to ask the server for more.
 *
 * @category models
 * @since 0.1.0
 */
export interface Following {
  readonly grantType: string
  /** What the grant keeps, that of these tokens included. */
  readonly kept: EndpointRequest["kept"]
  readonly send: (request: FollowUp) => Effect.Effect<Answer, OAuthErrorReason>
}

/**
 * Completes tokens before anybody is given them: by looking them up, or by
 * exchanging them.
 *
 * **Gotchas**
 *
 * Until it ends nobody has the pair but this process, so it ends within seconds,
 * whatever the server does, and hands on the refresh token whatever comes of it.
 *
 * @category models
 * @since 0.1.0
 */
export type OnTokens = (tokens: TokenSet, about: Following) => Effect.Effect<Judgement>
