/**
 * What an API says about a request that it does not serve: the challenges of
 * `WWW-Authenticate` (RFC 9110, section 11.6.1), with the words of RFC 6750
 * (section 3), RFC 9449 (section 7.1), RFC 9470 and RFC 9728 (section 5.1) in
 * them.
 *
 * Whatever the header holds, reading it takes time in proportion to its length
 * and never fails.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Parser from "./internal/challengeParser.ts"
import type { AccessInsufficient } from "./OAuthError.ts"
import * as RemoteText from "./RemoteText.ts"
import * as Scopes from "./Scopes.ts"

/**
 * One challenge.
 *
 * @category models
 * @since 0.1.0
 */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string
  /** What stands in the place of parameters in some schemes. */
  readonly token68?: string | undefined
  /** Names in lower case. Of two parameters of one name the first counts. */
  readonly parameters: ReadonlyMap<string, string>
  /** A parameter comes twice: what the challenge means cannot be told (RFC 6750, section 3). */
  readonly isAmbiguous: boolean
}

/**
 * What was read: the challenges, and what was wrong with the rest.
 *
 * - `syntax`: something is not as the grammar has it, a comma that is missing
 *   for example; what could be told is among the challenges.
 * - `unterminated`: a quotation mark is missing; the challenge that it belongs
 *   to is not among them.
 * - `too-long`: more than {@link maxLength} characters, of which none was read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parsed {
  readonly challenges: ReadonlyArray<Challenge>
  readonly problem?: "syntax" | "unterminated" | "too-long" | undefined
}

/**
 * The longest header that is read.
 *
 * @category models
 * @since 0.1.0
 */
export const maxLength: number = Parser.maxLength

/**
 * What a challenge says to a client of OAuth. Members that the challenge does
 * not have, or that are not as their grammar has them, are absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Said {
  /** The code: `invalid_token`, `insufficient_scope`, `use_dpop_nonce`. */
  readonly error?: RemoteText.RemoteText | undefined
  readonly description?: RemoteText.RemoteText | undefined
  /** What would be enough (RFC 6750, section 3). */
  readonly scopes?: Scopes.Scopes | undefined
  /** Where the API describes itself (RFC 9728, section 5.1); not checked in any way. */
  readonly resourceMetadata?: string | undefined
  /** How the person must have signed in, most wanted first (RFC 9470, section 3). */
  readonly acrValues?: ReadonlyArray<string> | undefined
  /** How long ago the person may have signed in (RFC 9470, section 3). */
  readonly maxAge?: Duration.Duration | undefined
  /** The algorithms of proofs (RFC 9449, section 7.1). */
  readonly algorithms?: ReadonlyArray<string> | undefined
}

/**
 * What an answer with this status means for the token that the request carried.
 *
 * - `renew`: the token is not accepted; another one may be.
 * - `prove`: the proof is not accepted; another one may be (RFC 9449, section 9).
 * - `insufficient`: the token is good and not enough, and no renewal changes
 *   that (RFC 6750, section 3.1; RFC 9470, section 3).
 * - `answer`: it is the API's answer and nothing else.
 *
 * @category models
 * @since 0.1.0
 */
export type Meaning =
  | { readonly _tag: "renew" }
  | { readonly _tag: "prove"; readonly error: "use_dpop_nonce" | "invalid_dpop_proof" }
  | { readonly _tag: "insufficient"; readonly error: AccessInsufficient["error"]; readonly said: Said }
  | { readonly _tag: "answer" }

/**
 * The challenges of an answer. Several headers of the name count as one, joined
 * by commas.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromHeaders = (headers: Readonly<Record<string, string | undefined>>): Parsed =>
  parse(headers["www-authenticate"] ?? "")

/**
 * Reads challenges, in one pass.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse: (text: string) => Parsed = Parser.parse

/**
 * What a challenge says to a client of OAuth.
 *
 * @category getters
 * @since 0.1.0
 */
export const said = ({ parameters }: Challenge): Said => {
  const scope = parameters.get("scope")
  const scopes = scope === undefined ? undefined : Scopes.fromString(scope)
  const maxAge = parameters.get("max_age")
  return {
    error: RemoteText.fromUnknown(parameters.get("error")),
    description: RemoteText.fromUnknown(parameters.get("error_description")),
    scopes: scopes?.every(Scopes.isScopeToken) === true ? scopes : undefined,
    resourceMetadata: parameters.get("resource_metadata"),
    acrValues: words(parameters.get("acr_values")),
    maxAge: maxAge !== undefined && /^\d{1,9}$/.test(maxAge) ? Duration.seconds(Number(maxAge)) : undefined,
    algorithms: words(parameters.get("algs"))
  }
}

/**
 * The first challenge of a scheme, its name in lower case.
 *
 * @category getters
 * @since 0.1.0
 */
export const ofScheme = (self: Parsed, scheme: string): Challenge | undefined =>
  self.challenges.find((challenge) => challenge.scheme === scheme)

/**
 * Where an API describes itself, by the challenge of any scheme (RFC 9728,
 * section 5.1). The address is not checked in any way.
 *
 * @category getters
 * @since 0.1.0
 */
export const resourceMetadata = (self: Parsed): string | undefined => {
  for (const { isAmbiguous, parameters } of self.challenges) {
    const address = isAmbiguous ? undefined : parameters.get("resource_metadata")
    if (address !== undefined) return address
  }
  return undefined
}

/**
 * Tells what an answer means. A 401 without a challenge that can be read is
 * about the token; one whose challenge is ambiguous is not acted on (RFC 6750,
 * section 3).
 *
 * @category getters
 * @since 0.1.0
 */
export const meaning = (
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>> }
): Meaning => {
  const { status } = answer
  if (status < 400 || status >= 500) return { _tag: "answer" }
  const { challenges } = fromHeaders(answer.headers)
  const ours = challenges.filter(({ scheme }) => scheme === "bearer" || scheme === "dpop")
  const clear = ours.filter(({ isAmbiguous }) => !isAmbiguous)
  for (const challenge of clear) {
    const read = said(challenge)
    const error: string | undefined = read.error
    switch (error) {
      case "use_dpop_nonce":
      case "invalid_dpop_proof":
        if (challenge.scheme === "dpop") return { _tag: "prove", error }
        break
      case "insufficient_scope":
      case "insufficient_user_authentication":
        return { _tag: "insufficient", error, said: read }
      case undefined:
      case "invalid_token":
        break
      default:
        return { _tag: "answer" }
    }
  }
  return status === 401 && (ours.length === 0 || clear.length > 0) ? { _tag: "renew" } : { _tag: "answer" }
}

const words = (text: string | undefined): ReadonlyArray<string> | undefined => {
  const all = text?.split(" ").filter((word) => word !== "")
  return all === undefined || all.length === 0 ? undefined : all
}
