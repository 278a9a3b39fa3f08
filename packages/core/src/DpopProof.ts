/**
 * What whoever sends requests knows of proofs of possession (RFC 9449, sections
 * 4 and 8). How they are made is in `Dpop`, which only who asks for it loads.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type * as Redacted from "effect/Redacted"
import type * as OAuthError from "./OAuthError.ts"
import type { Judgement } from "./TokenResponse.ts"

/**
 * What a proof is for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  readonly method: string
  readonly url: string
  /** The access token that the request carries. */
  readonly accessToken?: Redacted.Redacted | undefined
  /** The key that must sign; the current one unless named. */
  readonly thumbprint?: string | undefined
  /** The algorithms that the server knows, where it says so. */
  readonly algorithms?: ReadonlyArray<string> | undefined
}

/**
 * A proof, for one request.
 *
 * @category models
 * @since 0.1.0
 */
export interface Proof {
  /** The value of the `DPoP` header. */
  readonly value: Redacted.Redacted
  /** The origin that it is for. */
  readonly origin: string
  /** The key that signed it. */
  readonly thumbprint: string
  /** The server's nonce that it holds. */
  readonly nonce: string | undefined
}

/**
 * What a server answered to a request that was proven.
 *
 * @category models
 * @since 0.1.0
 */
export interface Answer {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The error code, of the body or of the challenge. */
  readonly error?: string | undefined
}

/**
 * A request to a token endpoint that is to be proven.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange extends Pick<Request, "algorithms" | "thumbprint"> {
  readonly request: HttpClientRequest
  /** How the client authenticates: one that does not (`"none"`) has its refresh tokens bound too. */
  readonly clientMethod: string
  /** Sends a request that presents nothing, where the server gives its nonce to such, and gives the answer's headers. */
  readonly probe?: ((request: HttpClientRequest) => Effect.Effect<Answer["headers"] | undefined>) | undefined
  /** Sends the request as it was proven. The answer may hold tokens of these types, in their canonical spelling. */
  readonly send: (
    request: HttpClientRequest,
    tokenTypes: ReadonlyArray<string>
  ) => Effect.Effect<{ readonly judgement: Judgement; readonly headers?: Answer["headers"] | undefined }>
}

/**
 * Proves possession of a key.
 *
 * @category services
 * @since 0.1.0
 */
export class Dpop extends Context.Service<Dpop, {
  /**
   * Thumbprint of the current key, to which new tokens are bound.
   */
  readonly thumbprint: string

  /**
   * Whether the key of a thumbprint is here.
   */
  readonly holds: (thumbprint: string) => boolean

  /**
   * What becomes of a token that the server did not bind though a proof was
   * sent (RFC 9449, section 5).
   */
  readonly unbound: "refused" | "accepted"

  /**
   * Makes a proof. Each is for one sending: whoever sends again makes another
   * (RFC 9449, section 7.3).
   */
  readonly proof: (request: Request) => Effect.Effect<Proof, OAuthError.OAuthError>

  /**
   * Takes note of what a server answered, and tells whether the same request
   * with another proof may succeed: the server asked for a nonce and gave one,
   * or did not like the proof and has another time than this process.
   */
  readonly heard: (proof: Proof, answer: Answer) => boolean

  /**
   * Sends a request to a token endpoint with a proof, and binds what it gives to
   * the key (RFC 9449, section 5). `again` is what `heard` tells.
   */
  readonly exchange: (
    options: Exchange
  ) => Effect.Effect<
    { readonly judgement: Judgement; readonly again: boolean },
    OAuthError.ConfigurationInvalid | OAuthError.KeyUnavailable
  >
}>()("@effect-oauth/core/DpopProof/Dpop") {}
