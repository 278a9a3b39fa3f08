/**
 * What can go wrong between a client and a server, as data: one fault is the
 * fate of one exchange.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { bodyText } from "./internal/wire.ts"
import * as TestHttp from "./TestHttp.ts"

/**
 * The fate of one exchange. The constructors name the usual ones; any other is
 * written as a record.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fault {
  /** For people, and for counting what was tried: `"answer lost (reset)"`. */
  readonly name: string
  /** No connection: it fails with this code, and nothing is sent. */
  readonly notSent?: string | undefined
  /** How long the request is on its way. The server takes it even when the client has given up by then. */
  readonly requestTakes?: Duration.Duration | undefined
  /** How often the server gets the request; once unless said otherwise. */
  readonly delivery?:
    | "once"
    | "never"
    | { readonly againAfter: Duration.Duration; readonly clientSees: "first" | "second" }
    | undefined
  /** How long the answer is on its way. */
  readonly answerTakes?: Duration.Duration | undefined
  /**
   * What becomes of the server's own answer (`undefined` when it got nothing):
   * the answer that arrives, a broken connection, or nothing for ever.
   */
  readonly answer?: ((own: TestHttp.Answer | undefined) => TestHttp.Answer | "reset" | "silence") | undefined
}

/**
 * Whether the server processes the request before things go wrong.
 *
 * @category models
 * @since 0.1.0
 */
export type When = "unprocessed" | "processed"

/**
 * The server's name is not known.
 *
 * @category constructors
 * @since 0.1.0
 */
export const dns: Fault = { name: "dns", notSent: "ENOTFOUND" }

/**
 * Nobody listens.
 *
 * @category constructors
 * @since 0.1.0
 */
export const connectionRefused: Fault = { name: "connection refused", notSent: "ECONNREFUSED" }

/**
 * No connection comes about in `takes` (ten seconds).
 *
 * @category constructors
 * @since 0.1.0
 */
export const connectTimeout = (takes: Duration.Input = "10 seconds"): Fault => ({
  name: "connect time-out",
  notSent: "UND_ERR_CONNECT_TIMEOUT",
  requestTakes: Duration.fromInputUnsafe(takes)
})

/**
 * The server's certificate is not acceptable.
 *
 * @category constructors
 * @since 0.1.0
 */
export const tls: Fault = { name: "tls", notSent: "CERT_HAS_EXPIRED" }

/**
 * The request is sent and does not reach the server.
 *
 * @category constructors
 * @since 0.1.0
 */
export const requestLost = (how: "reset" | "silence"): Fault => ({
  name: `request lost (${how})`,
  delivery: "never",
  answer: () => how
})

/**
 * The server processes the request, and its answer does not arrive whole:
 * nothing of it, half of the body and then a reset, or half and then silence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const answerLost = (how: "reset" | "silence" | "truncated" | "stalled"): Fault => ({
  name: `answer lost (${how})`,
  answer: (own) => {
    if (how === "reset" || how === "silence" || own === undefined) return how === "reset" ? "reset" : "silence"
    const body = bodyText(own)
    const half = body.slice(0, Math.floor(body.length / 2))
    return { ...own, body: half, ending: how === "truncated" ? "reset" : "silence" }
  }
})

/**
 * The request, the answer, or both take their time.
 *
 * @category constructors
 * @since 0.1.0
 */
export const slow = (options: {
  readonly request?: Duration.Input | undefined
  readonly answer?: Duration.Input | undefined
}): Fault => slowly({ name: "slow" }, options)

/**
 * The client gets this answer, whatever the server says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const respond = (
  answer: TestHttp.Answer,
  options?: { readonly when?: When | undefined; readonly name?: string | undefined }
): Fault => {
  const when = options?.when ?? "unprocessed"
  return {
    name: options?.name ?? `answer ${answer.status} (${when})`,
    delivery: when === "processed" ? "once" : "never",
    answer: () => answer
  }
}

/**
 * An internal error of the server, before or after it did what it was asked.
 *
 * @category constructors
 * @since 0.1.0
 */
export const serverError = (when: When, status = 500): Fault =>
  respond(TestHttp.json({ error: "server_error" }, { status }), { when, name: `server error ${status} (${when})` })

/**
 * A web page where an OAuth answer belongs: a proxy, a captive portal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const page = (when: When, status = 200): Fault =>
  respond(TestHttp.html("<!doctype html><title>Sign in to the network</title>", { status }), {
    when,
    name: `page ${status} (${when})`
  })

/**
 * A JSON answer that is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notJson = (when: When): Fault =>
  respond({ ...TestHttp.json(null), body: `{"access_token":` }, { when, name: `not JSON (${when})` })

/**
 * The server says that it has not processed the request: 429 or 503, with or
 * without `Retry-After`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unavailable = (
  options?: { readonly status?: 429 | 503 | undefined; readonly retryAfter?: string | undefined }
): Fault => {
  const status = options?.status ?? 503
  const headers = options?.retryAfter === undefined ? {} : { "retry-after": options.retryAfter }
  return respond(TestHttp.empty(status, { headers }), { name: `unavailable ${status}` })
}

/**
 * An OAuth error (RFC 6749, section 5.2) that the server does not mean: with a
 * status of its own choice.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refusal = (error: string, status = 400): Fault =>
  respond(TestHttp.json({ error }, { status }), { name: `${error} ${status}` })

/**
 * A redirect, which must not be followed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const redirect = (location: string, status = 307): Fault =>
  respond(TestHttp.redirect(location, { status }), { name: `redirect ${status}` })

/**
 * The server's own answer, its JSON members edited; any other answer passes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const edit = (
  name: string,
  f: (members: Readonly<Record<string, Schema.Json>>) => Readonly<Record<string, Schema.Json>>
): Fault => ({
  name,
  answer: (own) => {
    if (own === undefined) return "silence"
    if (own.headers["content-type"] !== "application/json") return own
    return { ...own, body: JSON.stringify(f(JSON.parse(bodyText(own)))) }
  }
})

/**
 * The server's own answer without one of its members.
 *
 * @category constructors
 * @since 0.1.0
 */
export const without = (member: string): Fault =>
  edit(
    `without ${member}`,
    (members) => Object.fromEntries(Object.entries(members).filter(([name]) => name !== member))
  )

/**
 * The server's own answer with an ID token about somebody else. Asks for the
 * scope `openid`, without which there is no ID token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const otherSubject = (subject = "somebody-else"): Fault =>
  edit("other subject", (members) => {
    const idToken = members["id_token"]
    if (typeof idToken !== "string") return members
    const [header = "", claims = "", signature = ""] = idToken.split(".")
    const changed = { ...JSON.parse(Result.getOrThrow(Base64Url.decodeString(claims))), sub: subject }
    return { ...members, id_token: [header, Base64Url.encode(JSON.stringify(changed)), signature].join(".") }
  })

/**
 * The server gets the request twice, as from a proxy that repeats it: the
 * client sees one of the two answers, the second unless said otherwise.
 *
 * @category constructors
 * @since 0.1.0
 */
export const duplicated = (options?: {
  readonly after?: Duration.Input | undefined
  readonly answer?: "first" | "second" | undefined
}): Fault => ({
  name: "duplicated",
  delivery: { againAfter: Duration.fromInputUnsafe(options?.after ?? 0), clientSees: options?.answer ?? "second" }
})

/**
 * The same fault, slowly.
 *
 * @category combinators
 * @since 0.1.0
 */
export const slowly = (
  self: Fault,
  options: { readonly request?: Duration.Input | undefined; readonly answer?: Duration.Input | undefined }
): Fault => ({
  ...self,
  ...(options.request === undefined ? {} : { requestTakes: Duration.fromInputUnsafe(options.request) }),
  ...(options.answer === undefined ? {} : { answerTakes: Duration.fromInputUnsafe(options.answer) })
})
