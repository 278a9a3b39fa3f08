/**
 * What a browser or a program is told where something failed: a page that a
 * person understands, or problem details (RFC 9457), as the request asks for.
 *
 * @since 0.1.0
 */
import type { OAuthError, OAuthErrorReason } from "@effect-oauth/core/OAuthError"
import type { RemoteText } from "@effect-oauth/core/RemoteText"
import * as Duration from "effect/Duration"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as ProblemDetails from "effect/http/ProblemDetails"
import * as Page from "./internal/page.ts"
import * as Requests from "./internal/request.ts"

/**
 * A kind of problem: one thing that a person can understand, and do something
 * about.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind =
  | "declined"
  | "refused"
  | "stale"
  | "linked"
  | "unavailable"
  | "pending"
  | "reconnect"
  | "insufficient"
  | "unusable"
  | "misconfigured"
  | "foreign"
  | "address"
  | "signed-out"
  | "not-offered"
  | "method"

/**
 * A problem.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  readonly kind: Kind
  /** The status code of the answer. */
  readonly status: number
  /** What happened, in a few words. */
  readonly title: string
  /** What it means, and what to do. */
  readonly detail: string
  /** The tag of the `OAuthError`'s reason, where there was one. */
  readonly reason?: OAuthErrorReason["_tag"] | undefined
  /** What the other side said, cleaned. It is shown and decides nothing. */
  readonly said?: RemoteText | undefined
  /** When to come again. */
  readonly retryAfter?: Duration.Duration | undefined
}

/**
 * How a problem is shown to a person.
 *
 * @category options
 * @since 0.1.0
 */
export interface PageOptions {
  /** The application's name, `the application`. */
  readonly application?: string | undefined
  /** The path that leads back to the application, `/`. */
  readonly home?: string | undefined
  /** The path at which the person may try again. */
  readonly again?: string | undefined
}

/**
 * The problem of a kind.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (kind: Kind): Problem => ({ kind, ...kinds[kind] })

/**
 * The problem of a kind by its name, as it stands in an address; nothing for a
 * name of another.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromName = (name: string): Problem | undefined =>
  Object.hasOwn(kinds, name) ? make(name as Kind) : undefined

/**
 * What a failure of this library means to whoever sent the request.
 *
 * **Details**
 *
 * The error's own message is for those who run the application, and is not told.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromError = ({ reason }: OAuthError): Problem => ({
  ...make(kindOf(reason)),
  reason: reason._tag,
  said: "description" in reason ? reason.description : undefined,
  retryAfter: "retryAfter" in reason ? reason.retryAfter : undefined
})

/**
 * The answer that tells a problem: a page where the request prefers HTML, else
 * `application/problem+json`.
 *
 * **Details**
 *
 * The page runs nothing, loads nothing, is shown in no frame, and escapes what
 * the other side said. Problem details carry `kind`, `reason` and `said` as
 * extension members; their `type` is `about:blank`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const respond = (
  self: Problem,
  request: HttpServerRequest,
  options: PageOptions = {}
): HttpServerResponse.HttpServerResponse => {
  const response = Requests.wantsPage(request) ? page(self, options) : details(self)
  const seconds = self.retryAfter === undefined ? undefined : Math.ceil(Duration.toSeconds(self.retryAfter))
  return HttpServerResponse.setHeaders(response, {
    vary: "accept",
    ...(seconds === undefined ? {} : { "retry-after": String(seconds) })
  })
}

const page = (
  { detail, said, status, title }: Problem,
  { again, application = "the application", home = "/" }: PageOptions
): HttpServerResponse.HttpServerResponse =>
  Page.respond({
    status,
    title,
    body: `<p>${Page.escape(detail)}</p>
${said === undefined ? "" : `<p>The provider said:</p>\n<blockquote>${Page.escape(said)}</blockquote>\n`}<p>${
      again === undefined ? "" : `<a href="${Page.escape(again)}">Try again</a> `
    }<a href="${Page.escape(home)}">Back to ${Page.escape(application)}</a></p>`
  })

const details = (
  { detail, kind, reason, said, status, title }: Problem
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.setHeaders(
    ProblemDetails.toResponse({
      type: ProblemDetails.blankType,
      status,
      title,
      detail,
      kind,
      ...(reason === undefined ? {} : { reason }),
      ...(said === undefined ? {} : { said })
    }),
    Page.quiet
  )

const kindOf = (reason: OAuthErrorReason): Kind => {
  switch (reason._tag) {
    case "AuthorizationRefused":
      return reason.code === "access_denied" ? "declined" : "refused"
    case "CallbackRejected":
      return "stale"
    case "ReauthorizationRequired":
      return "reconnect"
    case "AccessInsufficient":
      return "insufficient"
    case "RenewalPending":
      return "pending"
    case "RequestNotSent":
    case "AnswerLost":
    case "ServerUnavailable":
    case "StoreUnavailable":
      return "unavailable"
    case "RequestRefused":
      return "refused"
    case "RequestNotAllowed":
      return "not-offered"
    case "ResponseInvalid":
    case "TokenTypeUnsupported":
    case "RedirectRefused":
    case "MetadataInvalid":
    case "JwtInvalid":
    case "RefusedAgain":
      return "unusable"
    case "ConfigurationInvalid":
    case "RecordReadOnly":
    case "RecordInvalid":
    case "KeyUnavailable":
      return "misconfigured"
  }
}

const kinds: { readonly [K in Kind]: Pick<Problem, "status" | "title" | "detail"> } = {
  declined: {
    status: 403,
    title: "Access was declined",
    detail: "The provider was told no, so nothing was connected. You can begin again whenever you like."
  },
  refused: {
    status: 502,
    title: "The provider refused",
    detail:
      "The provider did not accept the request, so nothing was connected. Try again, or tell whoever runs this application."
  },
  stale: {
    status: 400,
    title: "This login is over",
    detail:
      "It was answered before, took too long, or was begun in another browser. Nothing was connected. Begin again."
  },
  linked: {
    status: 409,
    title: "This account belongs to somebody else",
    detail:
      "Somebody else of this application has connected it. Nothing was changed. Sign in there, or choose another account."
  },
  unavailable: {
    status: 503,
    title: "Not available right now",
    detail: "Something that is needed does not answer. Nothing is lost. Try again in a minute."
  },
  pending: {
    status: 503,
    title: "Still being renewed",
    detail: "The connection is being renewed. Nothing is lost. Try again in a minute."
  },
  reconnect: {
    status: 403,
    title: "Connect again",
    detail: "The provider no longer accepts the connection, or there is none. Connect the account again."
  },
  insufficient: {
    status: 403,
    title: "More access is needed",
    detail: "The connection does not reach this far. Connect the account again and allow what is asked for."
  },
  unusable: {
    status: 502,
    title: "The provider's answer cannot be used",
    detail: "It broke a rule, and was not believed. Try again, or tell whoever runs this application."
  },
  misconfigured: {
    status: 500,
    title: "Something is set up wrongly",
    detail: "This is not your doing. Tell whoever runs this application."
  },
  foreign: {
    status: 403,
    title: "Not from here",
    detail: "The request did not come from a page of this application, so nothing was done. Begin from the application."
  },
  address: {
    status: 400,
    title: "That address leads elsewhere",
    detail: "A login or a sign-out leads to a path of this application only, given once."
  },
  "signed-out": {
    status: 401,
    title: "You are signed out",
    detail: "There is no session, or it has ended. Sign in again."
  },
  "not-offered": {
    status: 404,
    title: "Nothing here",
    detail: "This application passes no such request on."
  },
  method: {
    status: 405,
    title: "Not in this way",
    detail: "This address takes another method."
  }
}
