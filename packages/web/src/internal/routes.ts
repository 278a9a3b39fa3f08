/**
 * What layers of routes have in common: their options, checked, and how they are
 * put into a router.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as ReturnAddress from "../ReturnAddress.ts"

/** What is wrong with an option. */
export interface Invalid {
  readonly field: string
  readonly problem: string
}

/** The failure of a layer whose option is wrong. */
export const invalid = (module: string, problem: Invalid): OAuthError.OAuthError =>
  OAuthError.make(module, "layer", new OAuthError.ConfigurationInvalid(problem))

/** Refuses options that cannot work. */
export const check = (
  { home = "/", origin, path }: { readonly origin: string; readonly path: string; readonly home?: string | undefined }
): Effect.Effect<void, Invalid> => {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.origin !== origin) {
    return fail("origin", "must be an origin, like https://app.example")
  }
  if (!isPrivate(url)) return fail("origin", "must begin with https://")
  if (ReturnAddress.parse(path, origin) !== path || /[?#:*]|\/$/.test(path)) {
    return fail("path", "must be a plain path, like /oauth")
  }
  return ReturnAddress.parse(home, origin) === undefined
    ? fail("home", "must be a path of this application")
    : Effect.void
}

/** Whether what is sent to an address can be read by the other side only: TLS, or this machine. */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" ||
  (url.protocol === "http:" && /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(url.hostname))

/** A route, its path below that of its layer. */
export type Route = readonly [
  method: "GET" | "POST" | "*",
  path: string,
  handler: (request: HttpServerRequest) => Effect.Effect<HttpServerResponse>
]

/** Puts routes into the router; a path that is taken is refused. */
export const add = (
  router: HttpRouter.HttpRouter,
  path: `/${string}`,
  routes: ReadonlyArray<Route>
): Effect.Effect<void, Invalid> =>
  Effect.forEach(
    routes,
    ([method, own, handler]) => Effect.suspend(() => router.add(method, `${path}${own}`, handler)),
    { discard: true }
  ).pipe(
    Effect.catchDefect(() => fail("path", "is taken; give each authorization server one of its own"))
  )

const fail = (field: string, problem: string): Effect.Effect<never, Invalid> => Effect.fail({ field, problem })
