/**
 * What becomes of a request and of its answer on their way through the proxy.
 */
import * as Effect from "effect/Effect"
import type { Headers } from "effect/http/Headers"
import * as HttpBody from "effect/http/HttpBody"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { Target } from "../ApiProxy.ts"
import type { Invalid } from "./routes.ts"

/** A target, checked. */
export interface Allowed {
  readonly origin: string
  readonly methods: Target["methods"]
  readonly fits: (path: ReadonlyArray<string>) => boolean
}

/** Checks a target. */
export const target = (
  { methods, origin, path }: Target,
  origins: ReadonlyArray<string>
): Effect.Effect<Allowed, Invalid> => {
  const to = origin ?? origins[0]
  if (to === undefined) return fail("names no origin, and the provider names none either")
  if (!origins.includes(to)) return fail(`${to} is none of the provider's API origins`)
  if (methods.length === 0) return fail(`${path} is allowed for no method`)
  const pattern = path.slice(1).split("/")
  const rest = pattern.at(-1) === "*"
  const fixed = rest ? pattern.slice(0, -1) : pattern
  if (
    !path.startsWith("/") ||
    !fixed.every((segment) => /^(:\w+|[\w.~!$&'()+,;=@-]+)$/.test(segment) && !/^\.+$/.test(segment))
  ) {
    return fail(`${path} is no path of plain segments, :names and a * at the end`)
  }
  return Effect.succeed({
    origin: to,
    methods,
    fits: (path) =>
      (rest ? path.length > fixed.length : path.length === fixed.length) &&
      fixed.every((segment, index) => segment.startsWith(":") || segment === path[index])
  })
}

/** The segments of a path, decoded; nothing where the next reader may find others. */
export const segments = (path: string): ReadonlyArray<string> | undefined => {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return undefined
  const decoded: Array<string> = []
  for (const segment of path.slice(1).split("/")) {
    let text: string
    try {
      text = decodeURIComponent(segment)
    } catch {
      return undefined
    }
    // eslint-disable-next-line no-control-regex
    if (text === "" || /^\.+$/.test(text) || /[\\/%?#;\u0000-\u001f\u007f]/.test(text)) return undefined
    decoded.push(text)
  }
  return decoded
}

/** The body of a request: read where it can be sent twice, else as it streams. */
export const body = (
  request: HttpServerRequest
): Effect.Effect<HttpBody.Uint8Array | HttpBody.Stream | undefined, unknown> => {
  const length = request.headers["content-length"]
  const isChunked = request.headers["transfer-encoding"] !== undefined
  if (!isChunked && (length === undefined || length === "0")) return Effect.undefined
  const type = request.headers["content-type"] ?? "application/octet-stream"
  return length !== undefined && Number(length) <= replayable
    ? Effect.map(request.arrayBuffer, (bytes) => HttpBody.uint8Array(new Uint8Array(bytes), type))
    : Effect.succeed(HttpBody.stream(request.stream, type, length === undefined ? undefined : Number(length)))
}

/** Chooses what is passed on of a request's headers. */
export const requestHeaders = (others: ReadonlyArray<string>) => {
  const names = allowed(usualRequest, others)
  return (headers: Headers): Record<string, string> => ({
    ...choose(headers, names),
    // the body goes through as it is, so it must come as it is
    "accept-encoding": "identity"
  })
}

/** Chooses what is given back of an answer's headers; nothing where its body is encoded in a way nobody asked for. */
export const responseHeaders = (others: ReadonlyArray<string>) => {
  const names = allowed(usualResponse, others)
  return (headers: Headers): Record<string, string> | undefined => {
    const encoding = headers["content-encoding"]
    if (encoding !== undefined && encoding.toLowerCase() !== "identity") return undefined
    const control = headers["cache-control"] ?? ""
    return {
      ...choose(headers, names),
      "cache-control": /\b(no-store|private)\b/i.test(control) ? control : "private, no-cache",
      // the API's content is not this application's, though it comes from its origin
      "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff"
    }
  }
}

/** Whether an answer has no body. */
export const isWithoutBody = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 205 || status === 304

/** The largest body that is kept to be sent again, in bytes. */
const replayable = 65_536

const usualRequest = [
  "accept",
  "accept-language",
  "content-language",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "prefer",
  "range"
]

const usualResponse = [
  "accept-ranges",
  "allow",
  "content-disposition",
  "content-language",
  "content-range",
  "content-type",
  "deprecation",
  "etag",
  "last-modified",
  "link",
  "preference-applied",
  "retry-after",
  "sunset",
  "vary",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-window",
  "x-request-id"
]

// RFC 9110, section 7.6.1, and what carries credentials or names somebody
const never =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|accept-encoding|expect|cookie2?|set-cookie2?|authorization|www-authenticate|dpop.*|authentication-info|forwarded|via|x-forwarded-.*|x-real-ip|origin|referer|sec-.*|access-control-.*|strict-transport-security|clear-site-data|service-worker-allowed)$/

const allowed = (usual: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...usual, ...others.map((name) => name.toLowerCase())].filter((name) => !never.test(name))

// what `Connection` names is for the hop alone
const choose = (headers: Headers, names: ReadonlyArray<string>): Record<string, string> => {
  const hop = new Set((headers["connection"] ?? "").toLowerCase().split(",").map((name) => name.trim()))
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers[name]
      return value === undefined || hop.has(name) ? [] : [[name, value] as const]
    })
  )
}

const fail = (problem: string): Effect.Effect<never, Invalid> => Effect.fail({ field: "allow", problem })
