/** A browser in front of routes, with cookies of its own that it keeps and brings as browsers do. */
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { Effect, Layer, Scope } from "effect"
import { HttpRouter, HttpServerError, HttpServerRequest, HttpServerResponse } from "effect/http"

export const origin = "https://app.test"

export interface Seen {
  readonly status: number
  readonly location: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Visit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Who made the browser go there; this application. */
  readonly from?: "same-origin" | "cross-site"
  /** The path as it is, which a web request would normalise. */
  readonly raw?: string
  /** A method that a web request would not have. */
  readonly rawMethod?: string
}

interface Kept {
  readonly value: string
  readonly sameSite: string
}

/** Fields of a form, sent by a page of the application. */
export const form = (fields: Readonly<Record<string, string>> = {}): Visit => ({
  method: "POST",
  body: new URLSearchParams(fields).toString(),
  headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" }
})

/** What a browser says that it wants to show. */
export const accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

export const make = Effect.fnUntraced(function*<E, R>(routes: Layer.Layer<never, E, R>) {
  const context = yield* Effect.context<Exclude<R, HttpRouter.HttpRouter>>()
  const whole = Layer.provide(routes, Layer.succeedContext(context)) as Layer.Layer<never, E, HttpRouter.HttpRouter>
  const handle = yield* HttpRouter.toHttpEffect(whole)
  const scope = yield* Scope.Scope
  const cookies = new Map<string, Kept>()
  const setCookies: Array<string> = []
  const seen: Array<Seen> = []

  const request = (
    to: string,
    { body, from = "same-origin", headers, method = "GET", raw, rawMethod }: Visit = {}
  ): HttpServerRequest.HttpServerRequest => {
    const brought = [...cookies].filter(([, { sameSite }]) =>
      from === "same-origin" || (sameSite === "Lax" && method === "GET")
    )
    const request = HttpServerRequest.fromWeb(
      new Request(new URL(to, origin), {
        method,
        ...(body === undefined ? {} : { body, duplex: "half" }),
        headers: {
          accept,
          cookie: brought.map(([name, { value }]) => `${name}=${value}`).join("; "),
          ...headers
        }
      })
    )
    return raw === undefined ? request : Object.create(request, {
      url: { value: raw },
      originalUrl: { value: raw },
      method: { value: rawMethod ?? method }
    })
  }

  /** The answer as it is, its body unread. */
  const ask = Effect.fnUntraced(function*(to: string, how?: Visit) {
    const answer = yield* Effect.provideService(handle, HttpServerRequest.HttpServerRequest, request(to, how)).pipe(
      Effect.provideService(Scope.Scope, scope),
      // what the router has no route for
      Effect.catchIf(
        (error) => HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound",
        () => Effect.succeed(HttpServerResponse.empty({ status: 404 }))
      ),
      Effect.orDie
    )
    const response = HttpServerResponse.toWeb(answer, { context: yield* Effect.context() })
    for (const line of response.headers.getSetCookie()) {
      setCookies.push(line)
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      const [, sameSite = ""] = /SameSite=(\w+)/.exec(line) ?? []
      if (value === "" || /Max-Age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, { value, sameSite })
    }
    return response
  })

  const visit = Effect.fnUntraced(function*(to: string, how?: Visit) {
    const response = yield* ask(to, how)
    const looked: Seen = {
      status: response.status,
      location: response.headers.get("location") ?? "",
      body: yield* Effect.promise(() => response.text()),
      headers: Object.fromEntries(response.headers)
    }
    seen.push(looked)
    return looked
  })

  return {
    ask,
    request,
    cookies,
    seen,
    setCookies,
    visit,
    get: (to: string, headers?: Readonly<Record<string, string>>) =>
      visit(to, headers === undefined ? {} : { headers }),
    submit: (to: string, fields?: Readonly<Record<string, string>>) => visit(to, form(fields))
  }
})

/** Reads a body as it comes, by pieces that end with an empty line. */
export const pieces = (response: Response) => {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ""
  const next: Effect.Effect<string | undefined> = Effect.flatMap(
    Effect.suspend(() =>
      text.includes("\n\n") || reader === undefined
        ? Effect.succeed({ done: reader === undefined, value: "" })
        : Effect.promise(() => reader.read())
    ),
    ({ done, value = "" }) => {
      text += value
      const end = text.indexOf("\n\n")
      if (end < 0) return done ? Effect.undefined : next
      const piece = text.slice(0, end)
      text = text.slice(end + 2)
      return Effect.succeed(piece)
    }
  )
  return { next, cancel: Effect.promise(async () => reader?.cancel()) }
}

/** What a person answers at the authorization server. */
export const agree = Effect.fnUntraced(function*({ location }: Seen, decision?: TestAuthorizationServer.Decision) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  return yield* Effect.orDie(server.authorize(location, decision))
})

/** A whole login; gives where it ended. */
export const login = Effect.fnUntraced(function*(
  browser: { readonly get: (to: string) => Effect.Effect<Seen> },
  to = "/oauth/login",
  decision?: TestAuthorizationServer.Decision
) {
  return yield* browser.get(yield* agree(yield* browser.get(to), decision))
})
