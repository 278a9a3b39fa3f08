/**
 * One exchange with a server: a request is sent once, and what comes back is read within limits of size and time. What
 * it means is judged elsewhere.
 *
 * Errors of the HTTP client end here. They hold the request and its secrets, and sometimes quote them, so nothing of
 * them is handed on but a word.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ExchangeLimits } from "../ExchangeLimits.ts"
import { AnswerLost, ConfigurationInvalid, RedirectRefused, RequestNotSent, ResponseInvalid } from "../OAuthError.ts"
import type { Answer } from "../TokenResponse.ts"
import * as Limits from "./limits.ts"
import { lostBy, notSent } from "./notSent.ts"
import { unquoted } from "./quotation.ts"
import { isPrivate, parse } from "./url.ts"
import { withinContext } from "./within.ts"

/** What became of a request. */
export type Outcome =
  | { readonly _tag: "Answer"; readonly answer: Answer }
  | { readonly _tag: "NotSent"; readonly reason: RequestNotSent | ConfigurationInvalid }
  | { readonly _tag: "Lost"; readonly reason: AnswerLost | RedirectRefused | ResponseInvalid }

/**
 * Sends a request once.
 *
 * The body of an answer that `bodyMatters` for must be read whole, or the answer is lost; by default these are the 2xx.
 * Any other is told by status and headers, and its body is empty when it could not be read.
 */
export const once = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest,
  options: {
    /** What the address is called where it was set. */
    readonly field: string
    readonly timeLimit?: Duration.Duration | undefined
    readonly bodyMatters?: ((status: number) => boolean) | undefined
  }
): Effect.Effect<Outcome> =>
  Effect.withFiber(({ context }) => {
    const limits = Context.get(context, ExchangeLimits)
    const clock = Context.get(context, Clock.Clock)
    const bodyMatters = options.bodyMatters ?? isSuccess
    const url = parse(request.url)
    if (url === undefined) return Effect.succeed(misconfigured(options.field, "is not an absolute URL"))
    if (!isPrivate(url)) return Effect.succeed(misconfigured(options.field, "must begin with https://"))
    const { href, origin } = url
    const scope = Scope.makeUnsafe()
    const sentAt = clock.currentTimeMillisUnsafe()
    let head: Answer | undefined
    let isRead = false

    const read = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<Outcome> => {
      const { headers, status, url } = response
      if (url !== "" && url !== href && withoutHash(url) !== withoutHash(href)) {
        return Effect.succeed(lost(new RedirectRefused({ origin, followed: true, status })))
      }
      // what `fetch` makes of a redirect that it was told to leave alone, in a browser
      if (status === 0) return Effect.succeed(lost(new RedirectRefused({ origin, followed: false })))
      const empty = head = { origin, status, headers, body: new Uint8Array(0), sentAt, unquoted: unquoted(request) }
      if (Object.keys(headers).length > limits.maxHeaders) {
        return Effect.succeed(lost(new ResponseInvalid({ problem: "too-large", field: "headers", status })))
      }
      return Effect.map(readBody(response, headers, limits.maxBytes), (body) => {
        isRead = typeof body !== "string"
        if (typeof body !== "string") return answered({ ...empty, body })
        if (!bodyMatters(status)) return answered(empty)
        return lost(
          body === "too-large"
            ? new ResponseInvalid({ problem: "too-large", status })
            : new AnswerLost({ problem: "truncated", origin, status })
        )
      })
    }

    const send = Effect.flatMap(HttpClient.withScope(client).execute(request), read).pipe(
      Effect.catchCause((cause) => {
        const error = Cause.findError(cause)
        if (Result.isSuccess(error)) return Effect.succeed(failed(error.success, origin, options.field))
        return Cause.hasDies(cause)
          ? Effect.succeed(lost(new AnswerLost({ problem: "transport", origin })))
          : Effect.failCause(error.failure)
      }),
      // an answer that was read to its end holds nothing; of any other the connection is let go
      Effect.onExit((exit) => isRead ? Effect.void : Scope.close(scope, exit))
    )

    const whole = Duration.toMillis(options.timeLimit ?? limits.timeLimit)
    const first = Math.min(whole, Duration.toMillis(limits.headTimeLimit ?? Duration.infinity))
    const limit: Limits.Limit = (over) => {
      let end = Limits.of(context, first)(() => {
        if (first === whole || head === undefined) over()
        else end = Limits.of(context, whole - first)(over)
      })
      return () => end()
    }
    return withinContext(quiet(context, scope), send, limit, () =>
      Effect.succeed(
        head === undefined || bodyMatters(head.status)
          ? lost(new AnswerLost({ problem: "timeout", origin, status: head?.status }))
          : answered(head)
      ))
  })

const isSuccess = (status: number): boolean => status >= 200 && status < 300

const withoutHash = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text).href : text
  return url.split("#", 1)[0] ?? url
}

const answered = (answer: Answer): Outcome => ({ _tag: "Answer", answer })

const lost = (reason: AnswerLost | RedirectRefused | ResponseInvalid): Outcome => ({ _tag: "Lost", reason })

const misconfigured = (field: string, problem: string): Outcome => ({
  _tag: "NotSent",
  reason: new ConfigurationInvalid({ field, problem })
})

const failed = (error: HttpClientError.HttpClientError, origin: string, field: string): Outcome => {
  const phase = error.reason._tag === "TransportError" ? notSent(error.reason.cause) : undefined
  if (error.reason._tag === "InvalidUrlError") return misconfigured(field, "is not an absolute URL")
  if (error.reason._tag === "EncodeError" || phase === "rejected") {
    return misconfigured("headers", "hold something that the HTTP client does not send")
  }
  return phase === undefined
    ? lost(new AnswerLost({ problem: lostBy(error.reason.cause), origin }))
    : { _tag: "NotSent", reason: new RequestNotSent({ problem: phase, origin }) }
}

const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers,
  maxBytes: number
): Effect.Effect<Uint8Array | "too-large" | "broken"> =>
  Effect.suspend(() => {
    const web = HttpClientResponse.toWeb(response)
    return Option.isSome(web)
      ? readWeb(web.value.body, maxBytes)
      : isWithin(headers, maxBytes)
      ? readWhole(response, maxBytes)
      : readStream(response, maxBytes)
  })

// Whether an answer has said that it is no longer than that, and comes as it is: one that is packed grows. HTTP clients
// read no further than what was said.
const isWithin = (headers: Headers.Headers, maxBytes: number): boolean =>
  headers["content-encoding"] === undefined && headers["transfer-encoding"] === undefined &&
  /^\d{1,15}$/.test(headers["content-length"] ?? "") && Number(headers["content-length"]) <= maxBytes

// A stream about a body that is short would cost as much as the rest of an exchange.
const readWhole = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Uint8Array | "too-large" | "broken"> =>
  Effect.match(response.arrayBuffer, {
    onFailure: () => "broken",
    onSuccess: (body) => body.byteLength > maxBytes ? "too-large" : new Uint8Array(body)
  })

// What `fetch` has answered is read as it comes: a stream about it would cost as much as the rest of an exchange.
const readWeb = (
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number
): Effect.Effect<Uint8Array | "too-large" | "broken"> =>
  body === null ? Effect.succeed(new Uint8Array(0)) : Effect.callback((resume) => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    const broken = () => resume(Effect.succeed("broken"))
    // somebody else may read it already
    const reader = body.locked ? undefined : body.getReader()
    if (reader === undefined) return broken()
    const cancel = () => {
      reader.cancel().catch(() => {})
    }
    const next = (): void => {
      reader.read().then(({ done, value }) => {
        if (done) return resume(Effect.succeed(concat(chunks, size)))
        size += value.length
        if (size > maxBytes) {
          resume(Effect.succeed("too-large"))
          return cancel()
        }
        chunks.push(value)
        next()
      }).catch(broken)
    }
    next()
    return Effect.sync(cancel)
  })

const readStream = (
  response: HttpClientResponse.HttpClientResponse,
  maxBytes: number
): Effect.Effect<Uint8Array | "too-large" | "broken"> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  return Stream.runForEachArray(response.stream, (some) => {
    for (const chunk of some) {
      size += chunk.length
      if (size > maxBytes) return Effect.fail("too-large" as const)
      chunks.push(chunk)
    }
    return Effect.void
  }).pipe(
    Effect.map(() => concat(chunks, size)),
    Effect.catch((error) =>
      Effect.succeed(
        error === "too-large" ? error : error.reason._tag === "EmptyBodyError" ? new Uint8Array(0) : "broken" as const
      )
    )
  )
}

const concat = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const [first, second] = chunks
  if (first !== undefined && second === undefined) return first
  const all = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    all.set(chunk, offset)
    offset += chunk.length
  }
  return all
}

// the client's own span would end with an error that holds the request; the exchange has a span of its own
const quiet = (context: Context.Context<never>, scope: Scope.Scope): Context.Context<Scope.Scope> =>
  context.pipe(
    Context.add(HttpClient.TracerDisabledWhen, always),
    Context.add(
      Headers.CurrentRedactedNames,
      Context.get(context, Headers.CurrentRedactedNames).concat("authorization", "dpop")
    ),
    Context.add(Scope.Scope, scope)
  )

const always = () => true
