/**
 * Receives the answer to a login on this machine (RFC 8252, section 7.3): a
 * server on loopback, open for one login and for one answer.
 *
 * @since 0.1.0
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import type * as Net from "node:net"
import * as Server from "./internal/loopbackServer.ts"
import * as Pages from "./internal/pages.ts"
import { carries } from "./internal/state.ts"

/**
 * A server that waits for the answer to a login.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoopbackLogin {
  readonly redirectUri: string

  /**
   * The address at which the browser arrived, once it brings the answer to the
   * login with this `state`. It has not been judged otherwise: give it to
   * `Login.complete`.
   *
   * **Details**
   *
   * What arrives before this is run waits for it. After `timeToLive` it fails
   * with `CallbackRejected` (`expired`).
   */
  readonly callback: (state: Redacted.Redacted) => Effect.Effect<string, OAuthError.OAuthError>

  /**
   * How many requests came to the right place with a wrong `state`.
   */
  readonly ignored: Effect.Effect<number>
}

/**
 * How a login is received.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The host of the redirect URI. Without it, `127.0.0.1`, or `[::1]` where this
   * machine has no IPv4.
   *
   * `localhost` is for servers that accept no other: both families are listened
   * at, so that no other program gets what a browser sends to the one that it
   * prefers.
   */
  readonly host?: "127.0.0.1" | "[::1]" | "localhost" | undefined
  /** The port of the redirect URI, for servers that compare it; otherwise a free one. */
  readonly port?: number | undefined
  /** The path of the redirect URI; `/callback`. Give each authorization server its own. */
  readonly path?: string | undefined
  /** How long the answer is waited for; 5 minutes. */
  readonly timeToLive?: Duration.Input | undefined
  /** The application's name, for the page that the person sees at the end. */
  readonly title?: string | undefined
  /** The page's colour, `#` and six hexadecimal digits. */
  readonly accent?: string | undefined
  /** An image for the page, as a `data:` URL in Base64 (PNG, JPEG, WebP or SVG): nothing is loaded. */
  readonly logo?: string | undefined
}

/**
 * Opens a server for one login, until the scope closes.
 *
 * **Details**
 *
 * - A request counts when it is a `GET` for exactly this path at exactly this
 *   host and port, with exactly one `state`, the right one. Everything else is
 *   answered 400, 404 or 405 and changes nothing: a browser asking for an icon,
 *   a page probing ports, a name rebound to this address, a prefetch.
 * - The first answer counts. Who comes again is told that it has been given.
 * - The pages are fixed, hold nothing of the request, run nothing and load
 *   nothing.
 *
 * A port that is taken is `ConfigurationInvalid`.
 *
 * **Example** (A login in a terminal)
 *
 * ```ts
 * import { Login } from "@effect-oauth/core"
 * import { LoopbackLogin, OpenBrowser } from "@effect-oauth/node"
 * import { Console, Effect } from "effect"
 *
 * export const login = Effect.scoped(Effect.gen(function*() {
 *   const login = yield* Login.Login
 *   const browser = yield* OpenBrowser.OpenBrowser
 *
 *   const { callback, redirectUri } = yield* LoopbackLogin.listen({ title: "My tool" })
 *   const { state, url } = yield* login.begin({ account: "default", redirectUri, scopes: ["openid"] })
 *   yield* Console.error(`Log in at ${url}`)
 *   yield* browser.open(url)
 *   return yield* login.complete(yield* callback(state))
 * }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const listen = Effect.fn("LoopbackLogin.listen")(function*(
  options: Options = {}
): Effect.fn.Return<LoopbackLogin, OAuthError.OAuthError, Scope.Scope> {
  const { host, path = "/callback", port = 0 } = options
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return yield* invalid("port", "must be from 0 to 65535")
  if (!isPath(path)) return yield* invalid("path", "must begin with / and hold nothing that a URL's path may not")

  const brand = { title: options.title ?? "the application", accent: options.accent, logo: options.logo }
  const problem = Pages.problemOf(brand)
  if (problem !== undefined) return yield* invalid(...problem)

  const answer = yield* Deferred.make<string>()
  const pages = Pages.make(brand)
  const reply = (
    response: Http.ServerResponse,
    status: number,
    page: string,
    headers: Http.OutgoingHttpHeaders = {}
  ): void => {
    response.writeHead(status, {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Length": Buffer.byteLength(page),
      "Content-Security-Policy": pages.policy,
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
      ...headers
    }).end(page)
  }
  const early: Array<(state: Redacted.Redacted) => void> = []
  let expected: Redacted.Redacted | undefined
  let answered = false
  let ignored = 0

  const receive = (request: Http.IncomingMessage, response: Http.ServerResponse): void => {
    const redirectUri = `http://${host ?? hostOf(request.socket)}:${request.socket.localPort}${path}`
    const { url = "" } = request
    const mark = url.indexOf("?")
    const query = mark === -1 ? "" : url.slice(mark)

    if (request.headersDistinct["host"]?.join() !== new URL(redirectUri).host) return reply(response, 400, pages.stray)
    if ((mark === -1 ? url : url.slice(0, mark)) !== path) return reply(response, 404, pages.stray)
    if (request.method !== "GET") return reply(response, 405, pages.stray, { Allow: "GET" })
    if (isPrefetch(request.headers)) return reply(response, 400, pages.stray)

    const decide = (state: Redacted.Redacted): void => {
      if (!carries(query, state)) {
        ignored++
        return reply(response, 400, pages.stray)
      }
      if (answered) return reply(response, 410, pages.again)
      answered = true
      // the page comes first: whoever has the answer may close the server
      response.once("close", () => Deferred.doneUnsafe(answer, Effect.succeed(redirectUri + query)))
      reply(response, 200, pages.answered)
    }
    if (expected === undefined) early.push(decide)
    else decide(expected)
  }

  const bound = yield* listenAs(host, port, receive).pipe(
    Effect.catch(({ code }) => invalid("port", portProblem(port, code)))
  )

  return {
    redirectUri: `http://${bound.host}:${bound.port}${path}`,
    ignored: Effect.sync(() => ignored),
    callback: Effect.fn("LoopbackLogin.callback")(
      function*(state) {
        expected = state
        for (const decide of early.splice(0)) decide(state)
        return yield* Deferred.await(answer)
      },
      Effect.timeoutOrElse({ duration: options.timeToLive ?? "5 minutes", orElse: expired })
    )
  }
})

type Host = NonNullable<Options["host"]>

const listenAs = (
  host: Host | undefined,
  port: number,
  listener: Http.RequestListener
): Effect.Effect<{ readonly host: Host; readonly port: number }, Server.Failed, Scope.Scope> => {
  const choices = host === undefined ? [places["127.0.0.1"], places["[::1]"]] as const : [places[host]] as const
  return Effect.map(Server.listenAsFirst(choices, port, listener), ({ as, port }) => ({ host: as, port }))
}

const places: { readonly [H in Host]: Server.Choice<Host> } = {
  "127.0.0.1": { as: "127.0.0.1", addresses: [Server.ipv4] },
  "[::1]": { as: "[::1]", addresses: [Server.ipv6] },
  localhost: { as: "localhost", addresses: [Server.ipv4, Server.ipv6] }
}

const hostOf = (socket: Net.Socket): Host => socket.localFamily === "IPv6" ? "[::1]" : "127.0.0.1"

const isPath = (path: string): boolean =>
  path.startsWith("/") && URL.canParse(path, "http://127.0.0.1") && new URL(path, "http://127.0.0.1").pathname === path

// a browser that looks ahead has shown nothing to anybody yet
const isPrefetch = (headers: Http.IncomingHttpHeaders): boolean =>
  ["sec-purpose", "purpose", "x-purpose", "x-moz"].some((name) => /prefetch|preview/i.test(String(headers[name] ?? "")))

const portProblem = (port: number, code: string): string =>
  code === "EADDRINUSE"
    ? `${port} is in use by another program. End it, or use another port that the redirect URI is registered with`
    : `cannot be listened at on this machine (${code})`

const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("LoopbackLogin", "listen", new OAuthError.ConfigurationInvalid({ field, problem })))

const expired = (): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("LoopbackLogin", "callback", new OAuthError.CallbackRejected({ problem: "expired" })))
