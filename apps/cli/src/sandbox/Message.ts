/**
 * Requests and answers of the sandbox: plain values, so that a request can be
 * held, rewritten, repeated or forgotten, and an answer remembered or dropped.
 */
import * as Crypto from "node:crypto"
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http"

/** A request, read whole. */
export interface Request {
  readonly method: string
  /** On the sandbox's own origin, whatever `Host` said. */
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** An answer, before it is sent. */
export interface Answer {
  readonly status: number
  /** Names in lower case; `content-length` is set when the answer is sent. */
  readonly headers: OutgoingHttpHeaders
  readonly body: string
}

/** What becomes of a request: an answer, or a connection that ends without one. */
export type Reply = Answer | "dropped"

/** An answer in JSON, not to be cached. */
export const json = (status: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  body: JSON.stringify(value)
})

/** An OAuth error (RFC 6749, section 5.2). */
export const oauthError = (status: number, error: string, description?: string): Answer =>
  json(status, { error, ...(description === undefined ? {} : { error_description: description }) })

/** Sends the browser elsewhere. */
export const redirect = (location: string): Answer => ({ status: 303, headers: { location }, body: "" })

/** A page without script, that loads nothing. `body` is HTML. */
export const page = (status: number, title: string, body: string): Answer => ({
  status,
  headers: {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer"
  },
  body: document(title, body)
})

/** A whole HTML document in the sandbox's plain style. `body` is HTML. */
export const document = (title: string, body: string): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; }
button { font: inherit; padding: .4rem 1rem; margin-right: .5rem; }
small { color: #666; }
</style>
</head>
<body>
<h1>${escape(title)}</h1>
${body}
<p><small>This is a sandbox on your own machine. It is not Frame.io, and nothing here leaves it.</small></p>
</body>
</html>`

/** Escapes text for HTML. */
export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Replaces the body, and forgets the length of the old one. */
export const withBody = (self: Answer, body: string): Answer => {
  const { "content-length": _, ...headers } = self.headers
  return { ...self, headers, body }
}

/** Replaces a body that is a JSON object; any other body stays. */
export const mapJson = (
  self: Answer,
  f: (body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
): Answer => {
  const body = jsonBody(self)
  return body === undefined ? self : withBody(self, JSON.stringify(f(body)))
}

/** A JSON object without one of its members. */
export const without = (
  body: Readonly<Record<string, unknown>>,
  name: string
): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))

/** The body, if it is a JSON object. */
export const jsonBody = (self: Answer): Readonly<Record<string, unknown>> | undefined => {
  if (self.headers["content-type"]?.startsWith("application/json") !== true) return undefined
  try {
    const body: unknown = JSON.parse(self.body)
    return typeof body === "object" && body !== null ? { ...body } : undefined
  } catch {
    return undefined
  }
}

/**
 * How secrets are named in the ledger: the SHA-256 digest of the value, in
 * base64url.
 */
export const digest = (value: string): string => Crypto.createHash("sha256").update(value).digest("base64url")

/** The user name and password of Basic authentication (RFC 7617), decoded as RFC 6749, section 2.3.1, wants it. */
export const basicCredentials = (headers: IncomingHttpHeaders): readonly [id: string, secret: string] | undefined => {
  const match = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(headers.authorization ?? "")
  if (match?.[1] === undefined) return undefined
  const text = Buffer.from(match[1], "base64").toString("utf8")
  const colon = text.indexOf(":")
  return colon === -1 ? undefined : [formDecoded(text.slice(0, colon)), formDecoded(text.slice(colon + 1))]
}

const formDecoded = (text: string): string => new URLSearchParams(`x=${text}`).get("x") ?? ""
