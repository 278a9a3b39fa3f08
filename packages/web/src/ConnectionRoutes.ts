/**
 * What a person sees of their own grant: how it stands, how that changes, and
 * how to end it (RFC 7009; Server-Sent Events of the HTML standard).
 *
 * @since 0.1.0
 */
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import { type Status, TokenService } from "@effect-oauth/core/TokenService"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as CsrfDefence from "./CsrfDefence.ts"
import * as Page from "./internal/page.ts"
import * as Requests from "./internal/request.ts"
import * as Routes from "./internal/routes.ts"
import * as Problem from "./Problem.ts"
import * as ReturnAddress from "./ReturnAddress.ts"

/**
 * How a grant stands, as it is told to its owner. It holds no token, and nothing
 * that a token could be got with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Connection {
  readonly provider: string
  /** `Absent` where there is no grant, else the tag of its state. */
  readonly state: Status["state"]["_tag"] | "Absent"
  /** Whether requests can be made: whether there is a grant that has not ended. */
  readonly connected: boolean
  /** Why it must be connected again, where it must. */
  readonly why?: string | undefined
  readonly scopes: ReadonlyArray<string>
  /** When the access token ends, in ISO 8601. */
  readonly expiresAt?: string | undefined
  /** Whether it is renewed by itself. */
  readonly renewable: boolean
  /** How many pairs of tokens the login has given. */
  readonly serial: number
}

/**
 * Whose grant, and where it is told.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The origin under which browsers know this application, `https://app.example`. */
  readonly origin: string
  /** What the paths of the routes begin with, `/oauth`. */
  readonly path: `/${string}`
  /**
   * Whose grant is told: the application's own name for the account, by the
   * session. Where there is none, the answer to give instead. It is asked again
   * while events are sent, and they end with the session.
   */
  readonly account: (request: HttpServerRequest) => Effect.Effect<string, HttpServerResponse.HttpServerResponse>
  /** Where a browser is led that ended its connection and did not say where to go, `/`. */
  readonly home?: `/${string}` | undefined
  /** The application's name, for the pages that tell what failed. */
  readonly application?: string | undefined
  /** How often the session is asked for while events are sent, and what stands in the store is read again; 15 seconds. */
  readonly heartbeat?: Duration.Input | undefined
}

/**
 * What its owner is told of a grant.
 *
 * @category getters
 * @since 0.1.0
 */
export const connectionOf = (provider: string, status: Option.Option<Status>): Connection =>
  Option.match(status, {
    onNone: () => ({ provider, state: "Absent" as const, connected: false, scopes: [], renewable: false, serial: 0 }),
    onSome: ({ expiresAt, renewable, scopes, serial, state }) => ({
      provider,
      state: state._tag,
      connected: state._tag !== "ReauthorizationRequired" && state._tag !== "Revoked",
      ...(state._tag === "ReauthorizationRequired" ? { why: state.why } : {}),
      scopes: [...scopes],
      ...(Option.isNone(expiresAt) ? {} : { expiresAt: DateTime.formatIso(expiresAt.value) }),
      renewable,
      serial
    })
  })

/**
 * The routes of one authorization server's grants.
 *
 * **Details**
 *
 * - `GET …/status` tells how the grant stands, as JSON: a {@link Connection}.
 * - `GET …/events` tells it again whenever it changes, on whichever node, as an
 *   event `connection`. A comment is sent at every heartbeat. `EventSource` comes
 *   again by itself, and gets the state of that moment.
 * - `POST …/disconnect` revokes the grant, here and at the server. A form is led
 *   on to its field `return_to`; a script (which sends the header of
 *   `CsrfDefence`) gets JSON: `{ "remote": "done" | "pending" | "unsupported" }`.
 *
 * Each answers for the account of the request alone: no name of an account is
 * taken from an address or a body.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<never, OAuthError.OAuthError, HttpRouter.HttpRouter | TokenService> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    yield* Effect.mapError(Routes.check(options), invalid)
    const service = yield* TokenService
    const store = Option.getOrUndefined(yield* Effect.serviceOption(TokenStore))
    const { application, home = "/", origin, path } = options
    const heartbeat = Duration.fromInputUnsafe(options.heartbeat ?? "15 seconds")
    const tell = (request: HttpServerRequest, problem: Problem.Problem) =>
      Problem.respond(problem, request, { application, home })
    const failure = (request: HttpServerRequest, error: OAuthError.OAuthError) =>
      Effect.as(
        Effect.logWarning("A connection could not be told or ended", error.message),
        tell(request, Problem.fromError(error))
      )

    const connection = (account: string): Effect.Effect<Connection, OAuthError.OAuthError> => {
      const key = service.key(account)
      return Effect.map(service.status(key), (status) => connectionOf(key.provider, status))
    }

    const status = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure
      return yield* Effect.matchEffect(connection(account.success), {
        onFailure: (error) => failure(request, error),
        onSuccess: (told) => Effect.succeed(HttpServerResponse.jsonUnsafe(told, { headers: Page.quiet }))
      })
    })

    const events = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure
      if (request.method !== "GET") return HttpServerResponse.empty({ headers: eventHeaders })
      const key = service.key(account.success)
      const look = "look" as const
      const beats = Stream.fromSchedule(Schedule.spaced(heartbeat)).pipe(
        Stream.mapEffect(() => Effect.result(options.account(request))),
        // a session that ended, or became somebody else's, ends the stream
        Stream.takeWhile((now) => now._tag === "Success" && now.success === account.success),
        Stream.map(() => "beat" as const)
      )
      const heard = Stream.mergeAll([
        Stream.filterMap(service.events, (event) => event.key.id === key.id ? Result.succeed(look) : Result.failVoid),
        ...(store?.changes === undefined ? [] : [
          Stream.filterMap(
            store.changes,
            (change) => change._tag === "Gap" || change.key === key.id ? Result.succeed(look) : Result.failVoid
          )
        ]),
        Stream.succeed(look)
      ], { concurrency: "unbounded" })
      const body = Stream.merge(beats, heard, { haltStrategy: "left" }).pipe(
        Stream.mapEffect((sign) => Effect.map(Effect.result(connection(account.success)), (told) => ({ sign, told }))),
        Stream.mapAccum(() => "", (last, { sign, told }) => {
          const data = told._tag === "Success" ? JSON.stringify(told.success) : last
          const event = data === last
            ? ""
            : Sse.encoder.write({ _tag: "Event", event: "connection", id: undefined, data })
          return [data, sign === "beat" ? [`: \n\n${event}`] : event === "" ? [] : [event]]
        }),
        Stream.encodeText
      )
      return HttpServerResponse.stream(body, { contentType: "text/event-stream", headers: eventHeaders })
    })

    const disconnect = Effect.fnUntraced(function*(request: HttpServerRequest) {
      const isScript = request.headers[CsrfDefence.header] !== undefined
      const forged = (isScript ? CsrfDefence.script : CsrfDefence.form)(request, { origin })
      if (forged !== undefined) return tell(request, forged)
      const account = yield* Effect.result(options.account(request))
      if (account._tag === "Failure") return account.failure
      const wanted = new URLSearchParams((isScript ? undefined : yield* Requests.formOf(request)) ?? "").getAll(
        "return_to"
      )
      const returnTo = ReturnAddress.parse(wanted[0] ?? home, origin)
      if (wanted.length > 1 || returnTo === undefined) return tell(request, Problem.make("address"))

      const revoked = yield* Effect.result(service.revoke(service.key(account.success)))
      if (revoked._tag === "Failure") {
        // what is not there is disconnected
        const { reason } = revoked.failure
        if (reason._tag !== "ReauthorizationRequired") return yield* failure(request, revoked.failure)
      }
      return isScript
        ? HttpServerResponse.jsonUnsafe(
          { remote: revoked._tag === "Success" ? revoked.success : "done" },
          { headers: Page.quiet }
        )
        : HttpServerResponse.redirect(origin + returnTo, { status: 303, headers: Page.quiet })
    })

    yield* Effect.mapError(
      Routes.add(router, path, [
        ["GET", "/status", status],
        ["GET", "/events", events],
        ["POST", "/disconnect", disconnect]
      ]),
      invalid
    )
  }))

const eventHeaders = {
  ...Page.quiet,
  // proxies that gather answers before they pass them on
  "x-accel-buffering": "no"
}

const invalid = (problem: Routes.Invalid): OAuthError.OAuthError => Routes.invalid("ConnectionRoutes", problem)
