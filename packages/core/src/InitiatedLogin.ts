/**
 * Logins that somebody else begins: a portal sends the browser to the
 * application and says at which server to sign in (OpenID Connect Core, section
 * 4).
 *
 * Anybody can make such an address, so it decides nothing: the issuer is one that
 * the application knows, and the browser ends in the application.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as OAuthError from "./OAuthError.ts"

/**
 * What was asked for, as far as it can be followed.
 *
 * @category models
 * @since 0.1.0
 */
export interface InitiatedLogin {
  /** One of the issuers that were named. */
  readonly issuer: string
  /** Who is about to sign in: a hint, to be handed on. */
  readonly loginHint?: string | undefined
  /** Where in the application to go afterwards. */
  readonly target?: string | undefined
}

/**
 * Reads the address at which the browser arrived, or the body of a form.
 *
 * **Details**
 *
 * `iss` must be one of `issuers`, letter by letter, and `target_link_uri` an
 * address of `origin`; no metadata is read for any other. Parameters that are not
 * known are passed over; one that is known and comes twice is refused.
 *
 * **Gotchas**
 *
 * Serve no frame from there (`Content-Security-Policy: frame-ancestors 'none'`),
 * and begin the login like every one, with a `state` of its own.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (
  request: string,
  options: { readonly issuers: ReadonlyArray<string>; readonly origin: string }
): Result.Result<InitiatedLogin, OAuthError.OAuthError> => {
  if (request.length > maxLength) return rejected("malformed")
  const parameters = URL.canParse(request) ? new URL(request).searchParams : new URLSearchParams(request)
  const twice = known.find((name) => parameters.getAll(name).length > 1)
  if (twice !== undefined) return rejected("duplicate-parameter", twice)
  const issuer = options.issuers.find((issuer) => issuer === parameters.get("iss"))
  if (issuer === undefined) {
    return rejected(parameters.has("iss") ? "issuer-mismatch" : "issuer-missing", "iss")
  }
  const target = parameters.get("target_link_uri") || undefined
  // resolved as a browser would, so that no form of an address means another to it
  if (target !== undefined && !(URL.canParse(target) && new URL(target).origin === options.origin)) {
    return rejected("redirect-uri-mismatch", "target_link_uri")
  }
  const loginHint = parameters.get("login_hint") || undefined
  return Result.succeed({
    issuer,
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(target === undefined ? {} : { target: new URL(target).href })
  })
}

const known = ["iss", "login_hint", "target_link_uri"]

const maxLength = 65_536

const rejected = (problem: OAuthError.CallbackRejected["problem"], parameter?: string) =>
  Result.fail(OAuthError.make("InitiatedLogin", "read", new OAuthError.CallbackRejected({ problem, parameter })))
