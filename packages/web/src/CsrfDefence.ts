/**
 * Whether a request comes from this application's own pages (RFC 10017, section
 * 6.1.3.3).
 *
 * A cookie comes along with requests that other sites make a browser send.
 * `SameSite` keeps most of them out, and knows no difference between hosts of one
 * domain. This does.
 *
 * @since 0.1.0
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Problem from "./Problem.ts"

/**
 * What a request has to show.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The application's origin, `https://app.example`. */
  readonly origin: string
  /** The header that scripts send, `x-csrf`; its value is not looked at. */
  readonly header?: string | undefined
}

/**
 * The header that scripts send, unless another is named: `X-CSRF: 1`.
 *
 * @category configuration
 * @since 0.1.0
 */
export const header = "x-csrf"

/**
 * What is wrong with a request of a script, if anything is: it must carry a
 * header that no form can send, and that a script of another origin may send only
 * after a preflight, which nothing here answers (RFC 10017, section 6.1.3.3.2).
 *
 * **Gotchas**
 *
 * This holds as long as the application answers no other origin's preflight: do
 * not put a permissive CORS middleware before it.
 *
 * @category combinators
 * @since 0.1.0
 */
export const script = (request: HttpServerRequest, options: Options): Problem.Problem | undefined =>
  request.headers[(options.header ?? header).toLowerCase()] === undefined || origin(request, options) === "other"
    ? Problem.make("foreign")
    : undefined

/**
 * What is wrong with a form that a page sent, if anything is. Every browser of
 * today says by `Sec-Fetch-Site` or `Origin` where a form comes from; what says
 * neither is refused.
 *
 * @category combinators
 * @since 0.1.0
 */
export const form = (request: HttpServerRequest, options: Options): Problem.Problem | undefined =>
  origin(request, options) === "own" ? undefined : Problem.make("foreign")

const origin = ({ headers }: HttpServerRequest, options: Options): "own" | "other" | "unknown" => {
  const site = headers["sec-fetch-site"]
  const from = headers["origin"]
  if (site !== undefined && site !== "same-origin") return "other"
  // a page that sends no referrer has the origin `null` in its own forms
  if (from !== undefined && from !== options.origin && !(from === "null" && site === "same-origin")) return "other"
  return site === undefined && from === undefined ? "unknown" : "own"
}
