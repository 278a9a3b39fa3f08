/** A web application with login routes on a port of its own, and browsers that visit it. */
import { ApiProxy, AuthorizationRoutes } from "@effect-oauth/web"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient, HttpRouter, HttpServer } from "effect/http"
import * as http from "node:http"
import * as Client from "../../src/Client.ts"

/** What a browser sees of an answer. */
export interface Seen {
  readonly status: number
  readonly location: string
  /** The cookies that it sets, as they are written. */
  readonly cookies: ReadonlyArray<string>
}

/** Serves the application, with a way to its API by `/api`, whose authorization server is at this origin, and gives browsers with cookies of their own. */
export const serve = Effect.fnUntraced(function*(origin: string) {
  const context = yield* Layer.build(Client.layer(origin))
  const logins = AuthorizationRoutes.layer({
    origin: "https://app.example",
    path: "/oauth",
    scopes: ["read"],
    account: () => Effect.succeed("ada"),
    failed: ({ kind }) => `/?login_error=${kind}`
  })
  const api = ApiProxy.layer({
    origin: "https://app.example",
    path: "/api",
    account: () => Effect.succeed("ada"),
    allow: [{ methods: ["GET"], path: "/v1/*" }]
  })
  const routes = Layer.merge(logins, api).pipe(Layer.provide([Layer.succeedContext(context), FetchHttpClient.layer]))
  const served = yield* Layer.build(
    HttpRouter.serve(routes, { disableLogger: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(() => http.createServer(), { port: 0, host: "127.0.0.1" }))
    )
  )
  const { address } = Context.get(served, HttpServer.HttpServer)
  const port = "port" in address ? address.port : 0

  return () => {
    const kept = new Map<string, string>()
    const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
      Effect.callback<Seen>((resume) => {
        const cookie = [...kept].map(([name, value]) => `${name}=${value}`).join("; ")
        const request = http.get({ port, path, host: "127.0.0.1", headers: { ...headers, cookie } }, (response) => {
          const cookies = response.headers["set-cookie"] ?? []
          for (const line of cookies) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
            kept.set(name, value)
          }
          response.resume().on("end", () =>
            resume(
              Effect.succeed({ status: response.statusCode ?? 0, location: response.headers.location ?? "", cookies })
            ))
        })
        request.on("error", (error) => resume(Effect.die(error)))
      })
    return { get }
  }
})
