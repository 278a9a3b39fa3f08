/**
 * One node of a web backend. It keeps nothing: grants, logins under way and
 * sessions are in Postgres, so that any node may serve any request.
 */
import { type AuthorizationServer, AuthorizedHttpClient, OAuthClient, TokenService } from "@effect-oauth/core"
import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import { FrameIo } from "@effect-oauth/frameio"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { AuthorizationRoutes, BrowserSessions, Problem, SessionLogin } from "@effect-oauth/web"
import { NodeHttpServer } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Option, type Redacted, Stream } from "effect"
import { FetchHttpClient, type HttpClient, HttpRouter, type HttpServerRequest, HttpServerResponse } from "effect/http"
import { Persistence } from "effect/persistence"
import type { Server } from "node:http"

export interface Options {
  readonly name: string
  readonly server: Server
  /** Where browsers find the backend: the load balancer. */
  readonly origin: string
  readonly database: Redacted.Redacted
}

/** A node, listening; wants a provider. */
export const layer = ({ database, name, origin, server }: Options) =>
  HttpRouter.serve(Layer.mergeAll(login(origin), home(name), renewals(name)), {
    disableListenLog: true,
    disableLogger: true
  }).pipe(
    Layer.provide(BrowserSessions.layer()),
    Layer.provide(OAuthClient.layer()),
    Layer.provide([PostgresTokenStore.layer(), SqlPendingAuthorizations.layer(), Persistence.layerBackingSql]),
    Layer.provide(PgClient.layer({ url: database })),
    Layer.provide(FetchHttpClient.layer),
    Layer.provide(NodeHttpServer.layer(() => server, { port: 0, host: "127.0.0.1" }))
  )

/** `/oauth/login` and `/oauth/callback`. */
const login = (origin: string) =>
  Layer.unwrap(
    Effect.map(SessionLogin.make(), (session) =>
      AuthorizationRoutes.layer({ ...session, origin, path: "/oauth", scopes: FrameIo.scopes }))
  )

/** `/`: who you are at Frame.io, as its API says. */
const home = (node: string) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const sessions = yield* BrowserSessions.BrowserSessions
    const grants = yield* TokenService.TokenService
    const context = yield* Effect.context<
      AuthorizationServer.AuthorizationServer | HttpClient.HttpClient | TokenService.TokenService
    >()

    const greet = Effect.fnUntraced(
      function*(request: HttpServerRequest.HttpServerRequest) {
        const session = yield* sessions.read(request)
        if (Option.isNone(session)) return logIn
        const client = yield* AuthorizedHttpClient.make(grants.key(session.value.account))
        const { name } = yield* FrameIo.me(client)
        return HttpServerResponse.jsonUnsafe({ node, name })
      },
      Effect.catchReason("OAuthError", "ReauthorizationRequired", () => Effect.succeed(logIn)),
      (answer, request) =>
        Effect.catchTag(
          answer,
          "OAuthError",
          (error) => Effect.succeed(Problem.respond(Problem.fromError(error), request))
        ),
      Effect.provideContext(context)
    )
    yield* router.add("GET", "/", greet)
  }))

const logIn = HttpServerResponse.redirect("/oauth/login", { status: 303 })

/** Tells which node renews. */
const renewals = (node: string) =>
  Layer.effectDiscard(Effect.gen(function*() {
    const grants = yield* TokenService.TokenService
    yield* grants.events.pipe(
      Stream.filter(({ _tag }) => _tag === "Renewed"),
      Stream.runForEach(() => Effect.log(`node ${node} has renewed the grant`)),
      Effect.forkScoped
    )
  }))
