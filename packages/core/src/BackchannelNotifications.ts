/**
 * Where an authorization server calls when a person has decided on a device of
 * their own: the client notification endpoint, as a route (OpenID Connect
 * Client-Initiated Backchannel Authentication, sections 9, 10.2, 10.3 and 12).
 *
 * @since 0.1.0
 */
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { BackchannelLogin } from "./BackchannelLogin.ts"
import { isJson } from "./internal/json.ts"

/**
 * The route of one authorization server.
 *
 * **Details**
 *
 * It answers 204 to a notification that is the server's, before what it asks for
 * is done; 401 where the bearer token is not the one that was given to the
 * server for this request; 400 where it is none; 503 where the store is away,
 * so that the server calls again. It never redirects, and never says more. The
 * token is compared in a time that does not tell where it differs.
 *
 * **Gotchas**
 *
 * It must be reachable under the `notificationEndpoint` that the client is
 * registered with, by https, and by nobody's session: no cookie counts here.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: { readonly path: `/${string}` }
): Layer.Layer<never, never, BackchannelLogin | HttpRouter.HttpRouter> =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const login = yield* BackchannelLogin
    const handle = Effect.fnUntraced(function*(request: HttpServerRequest) {
      if (!isJson(request.headers["content-type"])) return answer(400)
      const body = yield* Effect.option(
        Effect.provideService(request.arrayBuffer, HttpIncomingMessage.MaxBodySize, mostBytes)
      )
      if (body._tag === "None") return answer(400)
      const outcome = yield* Effect.result(login.notified({
        authorization: request.headers["authorization"],
        body: new Uint8Array(body.value)
      }))
      if (outcome._tag === "Success") return answer(statuses[outcome.success])
      yield* Effect.logWarning("A notification could not be taken", outcome.failure.message)
      return answer(503)
    })
    yield* router.add("POST", options.path, handle)
  }))

const statuses = { accepted: 204, unknown: 401, malformed: 400 } as const

const answer = (status: 204 | 400 | 401 | 503): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.empty({
    status,
    headers: { "cache-control": "no-store", ...(status === 401 ? { "www-authenticate": "Bearer" } : {}) }
  })

const mostBytes = ByteSize.kibibytes(128)
