/**
 * A person's browser, as far as a login needs one: it follows redirects, keeps
 * cookies, and presses the first button of a page. It speaks HTTP like any
 * other, so that a login through it is a login.
 */
import * as Effect from "effect/Effect"
import type * as Cookies from "effect/http/Cookies"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Schema from "effect/Schema"

/** Why a browser got nowhere. */
export class BrowserError extends Schema.TaggedError<BrowserError>()("BrowserError", {
  message: Schema.String
}) {}

/** Where a visit ended. */
export interface Visit {
  /** The address; outside of the origin it was not requested. */
  readonly url: string
  /** The page, if the visit ended on one. */
  readonly page?: string | undefined
}

/**
 * Opens an address and goes on until the browser is sent away from `origin`, or
 * until there is a page without a form.
 */
export const visit = Effect.fn("Browser.visit")(
  function*(
    address: string,
    origin: string
  ): Effect.fn.Return<Visit, BrowserError | HttpClientError.HttpClientError, HttpClient.HttpClient> {
    const client = yield* HttpClient.HttpClient
    const jar: Array<Cookies.Cookie> = []
    let request = HttpClientRequest.get(address)
    for (let step = 0; step < maxSteps; step++) {
      const url = new URL(request.url)
      const response = yield* client.execute(
        HttpClientRequest.setHeaders(request, { accept: "text/html", cookie: cookieHeader(jar, url.pathname) })
      )
      for (const cookie of Object.values(response.cookies.cookies)) keep(jar, cookie)
      const location = response.headers.location
      if (response.status >= 300 && response.status < 400 && location !== undefined) {
        const next = new URL(location, url)
        if (next.origin !== origin) return { url: location }
        request = HttpClientRequest.get(next.href)
        continue
      }
      const page = yield* response.text
      if (response.status >= 400) {
        return yield* new BrowserError({ message: `${url.pathname} answered ${response.status}: ${textOf(page)}` })
      }
      const form = firstForm(page)
      if (form === undefined) return { url: url.href, page }
      request = HttpClientRequest.bodyUrlParams(
        HttpClientRequest.post(new URL(form.action, url).href),
        form.fields
      )
    }
    return yield* new BrowserError({ message: `${address} went on for more than ${maxSteps} steps` })
  },
  Effect.catchTag("HttpClientError", (error) => Effect.fail(new BrowserError({ message: error.message }))),
  Effect.provide(FetchHttpClient.layer),
  Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
)

const maxSteps = 20

const keep = (jar: Array<Cookies.Cookie>, cookie: Cookies.Cookie): void => {
  const same = jar.findIndex(({ name, options }) => name === cookie.name && options?.path === cookie.options?.path)
  if (same !== -1) jar.splice(same, 1)
  if (cookie.value !== "") jar.push(cookie)
}

const cookieHeader = (jar: ReadonlyArray<Cookies.Cookie>, path: string): string =>
  jar
    .filter(({ options }) => path.startsWith(options?.path ?? "/"))
    .map(({ name, valueEncoded }) => `${name}=${valueEncoded}`)
    .join("; ")

const firstForm = (page: string) => {
  const form = /<form[^>]*\baction="([^"]*)"[^>]*>([\s\S]*?)<\/form>/i.exec(page)
  if (form?.[1] === undefined || form[2] === undefined) return undefined
  const fields: Array<[string, string]> = []
  let pressed = false
  for (const [tag, kind] of form[2].matchAll(/<(input|button)\b[^>]*>/gi)) {
    const name = attribute(tag, "name")
    const isButton = kind?.toLowerCase() === "button"
    if (name !== undefined && !(isButton && pressed)) fields.push([name, attribute(tag, "value") ?? ""])
    pressed ||= isButton
  }
  return { action: unescape(form[1]), fields }
}

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1]
  return value === undefined ? undefined : unescape(value)
}

const unescape = (text: string): string =>
  text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", "\"")
    .replaceAll("&amp;", "&")

const textOf = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 300)
