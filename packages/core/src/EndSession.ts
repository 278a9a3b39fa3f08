/**
 * Signing out at the server: where to send the browser, and whether it came back
 * from there (OpenID Connect RP-Initiated Logout, sections 2 and 3).
 *
 * Signing out ends the person's session at the server. It does not end the
 * grant: `TokenService.revoke` does.
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationResponse from "./AuthorizationResponse.ts"
import { hintOf } from "./internal/hint.ts"
import { sameText } from "./internal/text.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * A sign-out, ready to start.
 *
 * @category models
 * @since 0.1.0
 */
export interface EndSession {
  /** Where to send the browser. */
  readonly url: string
  /** What it brings back, to be kept with the browser's session; absent where it does not come back. */
  readonly state?: Redacted.Redacted | undefined
}

/**
 * What a sign-out needs.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The server's `endSessionEndpoint`; a query it has is kept. */
  readonly endpoint: string | undefined
  readonly clientId: string
  /** The ID token of the login, by which the server knows who signs out. It travels through the browser. */
  readonly idTokenHint?: Redacted.Redacted | undefined
  /** Who signs out, where there is no ID token. */
  readonly logoutHint?: string | undefined
  /** Where the browser goes afterwards, as registered. */
  readonly postLogoutRedirectUri?: string | undefined
  /** Languages for what is shown, in order of preference. */
  readonly uiLocales?: ReadonlyArray<string> | undefined
}

/**
 * Makes a sign-out. Its `state` is 32 random bytes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<EndSession, OAuthError.OAuthError, SecureRandom.SecureRandom> = Effect.fnUntraced(
  function*(options) {
    const { endpoint, idTokenHint, postLogoutRedirectUri } = options
    if (endpoint === undefined || !URL.canParse(endpoint)) {
      return yield* invalid("endSessionEndpoint", "is missing; this server has no sign-out")
    }
    if (postLogoutRedirectUri !== undefined && !URL.canParse(postLogoutRedirectUri)) {
      return yield* invalid("postLogoutRedirectUri", "is not an absolute URL")
    }
    const hint = idTokenHint === undefined
      ? undefined
      : yield* Effect.mapError(
        Effect.fromResult(hintOf(idTokenHint)),
        (reason) => OAuthError.make("EndSession", "make", reason)
      )
    const random = yield* SecureRandom.SecureRandom
    const state = postLogoutRedirectUri === undefined ? undefined : Base64Url.encode(yield* random.randomBytes(32))
    const url = new URL(endpoint)
    const parameters = {
      id_token_hint: hint,
      logout_hint: options.logoutHint,
      client_id: options.clientId,
      post_logout_redirect_uri: postLogoutRedirectUri,
      state,
      ui_locales: options.uiLocales?.join(" ")
    }
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined && value !== "") url.searchParams.set(name, value)
    }
    return { url: url.href, ...(state === undefined ? {} : { state: Redacted.make(state) }) }
  }
)

/**
 * Judges the address at which the browser arrived after a sign-out: whether it
 * carries the `state` of the one that was started, compared in constant time.
 *
 * @category combinators
 * @since 0.1.0
 */
export const judge = (address: string, state: Redacted.Redacted): Result.Result<void, OAuthError.OAuthError> =>
  Result.flatMap(
    URL.canParse(address) ? AuthorizationResponse.fromUrl(address) : AuthorizationResponse.fromQuery(address),
    (arrived) =>
      arrived.state !== undefined && sameText(Redacted.value(arrived.state), Redacted.value(state))
        ? Result.succeed(undefined)
        : Result.fail(
          OAuthError.make("EndSession", "judge", new OAuthError.CallbackRejected({ problem: "state-mismatch" }))
        )
  )

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("EndSession", "make", new OAuthError.ConfigurationInvalid({ field, problem })))
