/**
 * The sample: its routes, and what they stand on.
 */
import type { SandboxError } from "@effect-oauth/cli/sandbox/Server"
import { OAuthClient, type OAuthError, TokenService } from "@effect-oauth/core"
import { FrameIo } from "@effect-oauth/frameio"
import {
  ApiProxy,
  AuthorizationRoutes,
  BrowserSessions,
  ConnectionRoutes,
  CsrfDefence,
  LogoutRoutes,
  Problem,
  RedactedParameters,
  SessionLogin
} from "@effect-oauth/web"
import { NodeHttpServer } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import type { ServeError } from "effect/http/HttpServerError"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createServer } from "node:http"
import * as Assets from "./Assets.ts"
import * as Listing from "./Listing.ts"
import * as Pages from "./Pages.ts"
import * as Provider from "./Provider.ts"
import type { Settings } from "./Settings.ts"
import * as Store from "./Store.ts"

/** The application's name. */
export const title = "Cutting Room"

/** The sample, listening. */
export const layer = (
  settings: Settings
): Layer.Layer<never, OAuthError.OAuthError | SandboxError | ServeError> =>
  Layer.mergeAll(serve(settings), announced(settings)).pipe(Layer.provide(Provider.layer(settings)))

/** The sample at a provider, listening. */
export const serve = (settings: Settings) =>
  HttpRouter.serve(routes(settings), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(RedactedParameters.layer),
    Layer.provide(BrowserSessions.layer({ idle: "1 day", lifetime: "30 days" })),
    Layer.provide(OAuthClient.layer()),
    Layer.provide(Store.layer(settings.store)),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(NodeHttpServer.layer(() => createServer(), { port: settings.port, host: "127.0.0.1" }))
  )

const routes = ({ origin }: Settings) =>
  Layer.unwrap(Effect.gen(function*() {
    const login = yield* SessionLogin.make()
    const account = yield* SessionLogin.account
    const where = { origin, path: "/oauth", application: title } as const
    return Layer.mergeAll(
      AuthorizationRoutes.layer({ ...where, ...login, scopes: FrameIo.scopes }),
      ConnectionRoutes.layer({ ...where, account }),
      LogoutRoutes.layer(where),
      ApiProxy.layer({
        origin,
        path: "/api",
        account,
        allow: [
          { methods: ["GET"], path: "/v4/me" },
          { methods: ["GET"], path: "/v4/accounts" },
          { methods: ["GET"], path: "/v4/accounts/:account/workspaces" }
        ]
      }),
      own(origin),
      Assets.layer
    )
  }))

/** The page, and what the sandbox lets people play with. */
const own = (origin: string) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const sessions = yield* BrowserSessions.BrowserSessions
    const service = yield* TokenService.TokenService
    const { withdraw } = yield* Provider.Playground
    const context = yield* Effect.context<Effect.Services<ReturnType<typeof Listing.get>>>()

    const home = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const found = yield* Effect.result(sessions.read(request))
      if (found._tag === "Failure") {
        return Problem.respond(Problem.fromError(found.failure), request, { application: title })
      }
      const account = Option.getOrUndefined(found.success)?.account
      const canWithdraw = withdraw !== undefined
      if (account === undefined) return Pages.home({ canWithdraw })
      const status = yield* Effect.result(service.status(service.key(account)))
      if (status._tag === "Failure") {
        return Problem.respond(Problem.fromError(status.failure), request, { application: title })
      }
      const told = ConnectionRoutes.connectionOf("frameio", status.success)
      const listing = told.connected
        ? yield* Effect.result(Effect.provideContext(Listing.get(account), context))
        : undefined
      if (listing?._tag === "Failure") yield* Effect.logWarning("Frame.io could not be listed", listing.failure.message)
      // using it may have told more of it
      const now = listing === undefined ? status : yield* Effect.result(service.status(service.key(account)))
      return Pages.home({
        canWithdraw,
        connection: ConnectionRoutes.connectionOf("frameio", now._tag === "Success" ? now.success : status.success),
        listing: listing?._tag === "Success" ? listing.success : undefined
      })
    })

    const play = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const forged = CsrfDefence.form(request, { origin })
      if (forged !== undefined) return Problem.respond(forged, request, { application: title })
      const found = yield* Effect.orElseSucceed(sessions.read(request), () => Option.none())
      if (Option.isSome(found) && withdraw !== undefined) {
        yield* Effect.ignore(Effect.provideContext(withdraw(found.value.account), context))
      }
      return HttpServerResponse.redirect("/", { status: 303 })
    })

    yield* router.add("GET", "/", home)
    yield* router.add("POST", "/sandbox/withdraw", play)
    yield* router.add("GET", "/*", (request) =>
      Effect.succeed(Problem.respond(Problem.make("not-offered"), request, { application: title })))
  }))

const announced = ({ credential, origin, store }: Settings) =>
  Layer.effectDiscard(Effect.log(
    `${title} is at ${origin}, connected to ${
      credential === undefined ? "a sandbox on this machine" : "Frame.io"
    }, and keeps grants in ${
      store === undefined ? "a directory that goes with it" : store.startsWith("postgres") ? "Postgres" : store
    }`
  ))
