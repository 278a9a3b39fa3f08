/**
 * How a server deviates from RFC 6749 and its companions, as data with the RFCs'
 * behaviour as default. Being lenient is always asked for and never guessed.
 *
 * @since 0.1.0
 */
import type * as AuthorizationRequest from "./AuthorizationRequest.ts"
import type * as AuthorizationResponse from "./AuthorizationResponse.ts"
import type { OnAnswer, OnRequest, OnTokens } from "./EndpointRequest.ts"
import * as Rfc6749 from "./internal/rfc6749.ts"
import * as TokenResponse from "./TokenResponse.ts"

/**
 * Whether a request repeats the scope: what was asked for at login, or never.
 *
 * @category models
 * @since 0.1.0
 */
export type ScopeRule = "asked" | "never"

/**
 * An exchange of the access token that a code gave for the one to keep.
 *
 * @category models
 * @since 0.1.0
 */
export interface SecondExchange {
  readonly grantType: string
  /** The parameter that carries the access token. */
  readonly parameter: string
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * The deviations of one server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dialect {
  /** The authorization request (RFC 6749, section 4.1.1). */
  readonly authorization: AuthorizationRequest.Rules
  /** What the browser brings back (RFC 6749, section 4.1.2). */
  readonly authorizationResponse: AuthorizationResponse.Rules
  /** The exchange of the code (RFC 6749, section 4.1.3). */
  readonly authorizationCode: {
    readonly parameters: Readonly<Record<string, string>>
    readonly redirectUri: "repeated" | "omitted"
    readonly scope: ScopeRule
    readonly scopeSeparator: string
    /** A second exchange, of the access token that the first one gave. */
    readonly then?: SecondExchange | undefined
    /** Parts of the account that the answer brings grants of their own for; `onAnswer` shows each. */
    readonly parts: ReadonlyArray<string>
  }
  /** The renewal (RFC 6749, section 6). A scope is never narrowed by itself. */
  readonly refreshToken: {
    readonly parameters: Readonly<Record<string, string>>
    readonly scope: ScopeRule | "granted"
    readonly scopeSeparator: string
  }
  /** Tokens of the client's own (RFC 6749, section 4.4). */
  readonly clientCredentials: {
    readonly parameters: Readonly<Record<string, string>>
    readonly scopeSeparator: string
  }
  /** The token answer. */
  readonly response: TokenResponse.Rules
  /**
   * What revoking a refresh token ends (RFC 7009, section 2.1): the whole grant,
   * or that token only.
   */
  readonly revocation: "grant" | "token"
  /**
   * Where the first nonce for DPoP comes from (RFC 9449, section 8): the server
   * asks for one, or it is fetched first, since the server spends what is
   * presented before it looks at the proof.
   */
  readonly dpopNonce: "asked" | "fetched"
  /** What data cannot say: changes each request to the server's endpoints before it is sent. */
  readonly onRequest?: OnRequest | undefined
  /** What data cannot say: changes each answer of the server's endpoints before it is judged. */
  readonly onAnswer?: OnAnswer | undefined
  /** What follows an answer with tokens before anybody is given them. */
  readonly onTokens?: OnTokens | undefined
}

/**
 * A dialect's deviations, leg by leg; what is left out stays as it was.
 *
 * @category models
 * @since 0.1.0
 */
export type Deviations = {
  readonly [K in keyof Dialect]?: (K extends Leg ? Deviating<Dialect[K]> : Dialect[K]) | undefined
}

/**
 * The dialect of the RFCs.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rfc6749: Dialect = {
  authorization: Rfc6749.authorizationRequest,
  authorizationResponse: Rfc6749.authorizationResponse,
  authorizationCode: { parameters: {}, redirectUri: "repeated", scope: "never", scopeSeparator: " ", parts: [] },
  refreshToken: { parameters: {}, scope: "never", scopeSeparator: " " },
  clientCredentials: { parameters: {}, scopeSeparator: " " },
  response: TokenResponse.rfc6749,
  revocation: "grant",
  dpopNonce: "asked"
}

/**
 * Makes a dialect from its deviations.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (deviations: Deviations, base: Dialect = rfc6749): Dialect => {
  const { onAnswer = base.onAnswer, onRequest = base.onRequest, onTokens = base.onTokens } = deviations
  return {
    authorization: deviate(base.authorization, deviations.authorization),
    authorizationResponse: deviate(base.authorizationResponse, deviations.authorizationResponse),
    authorizationCode: deviate(base.authorizationCode, deviations.authorizationCode),
    refreshToken: deviate(base.refreshToken, deviations.refreshToken),
    clientCredentials: deviate(base.clientCredentials, deviations.clientCredentials),
    response: deviate(base.response, deviations.response),
    revocation: deviations.revocation ?? base.revocation,
    dpopNonce: deviations.dpopNonce ?? base.dpopNonce,
    ...(onRequest === undefined ? {} : { onRequest }),
    ...(onAnswer === undefined ? {} : { onAnswer }),
    ...(onTokens === undefined ? {} : { onTokens })
  }
}

/**
 * What is wrong with a dialect, if anything is: a field by its path, and what to
 * do.
 *
 * @category predicates
 * @since 0.1.0
 */
export const problem = (self: Dialect): { readonly field: string; readonly problem: string } | undefined => {
  for (const leg of ["authorization", "authorizationCode", "refreshToken", "clientCredentials", "response"] as const) {
    if (self[leg].scopeSeparator === "") return { field: `${leg}.scopeSeparator`, problem: "is empty" }
  }
  if (self.authorization.redirectName === "") return { field: "authorization.redirectName", problem: "is empty" }
  for (const leg of ["authorization", "authorizationCode", "refreshToken", "clientCredentials"] as const) {
    const name = Object.keys(self[leg].parameters).find((name) => reserved.has(name))
    if (name !== undefined) {
      return { field: `${leg}.parameters`, problem: `must not name ${name}, which is sent already; remove it` }
    }
  }
  for (const leg of ["authorizationResponse", "response"] as const) {
    const secret = self[leg].keep.find((name) => secrets.has(name))
    if (secret !== undefined) return secretIn(`${leg}.keep`, secret)
  }
  const origin = self.response.apiOrigins.find((name) => secrets.has(name))
  if (origin !== undefined) return secretIn("response.apiOrigins", origin)
  return undefined
}

const secretIn = (field: string, name: string) => ({
  field,
  problem: `must not name ${name}, which is secret; remove it`
})

// what the protocol sends by itself, credentials above all: a secret has one place
const reserved: ReadonlySet<string> = new Set([
  "client_assertion",
  "client_assertion_type",
  "client_id",
  "client_secret",
  "code",
  "code_challenge",
  "code_challenge_method",
  "code_verifier",
  "grant_type",
  "redirect_uri",
  "refresh_token",
  "response_type"
])

const secrets: ReadonlySet<string> = new Set(["access_token", "code", "id_token", "refresh_token", "state"])

type Leg = Exclude<keyof Dialect, "dpopNonce" | "onAnswer" | "onRequest" | "onTokens" | "revocation">

type Deviating<Leg> = { readonly [K in keyof Leg]?: Leg[K] | undefined }

// a deviation that is there and undefined is none
const deviate = <Leg extends object>(base: Leg, deviations: Deviating<Leg> = {}): Leg => ({
  ...base,
  ...Object.fromEntries(Object.entries(deviations).filter(([, value]) => value !== undefined))
})
