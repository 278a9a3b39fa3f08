import { AuthorizationServer, ClientAuthentication, type GrantKey, TokenService } from "@effect-oauth/core"
import { ApiProxy } from "@effect-oauth/web"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpRouter, HttpServer } from "effect/http"
import * as Http from "node:http"

for (const [name, client] of [["fetch", FetchHttpClient.layer], ["undici", NodeHttpClient.layerUndici]] as const) {
  describe(`ApiProxy by ${name}`, () => {
    it.live("streams a body there and back, piece by piece", () =>
      Effect.gen(function*() {
        const arrived: Array<string> = []
        const api = yield* listen((request, response) => {
          response.writeHead(200, { "content-type": "text/plain" })
          request.setEncoding("utf8")
          request.on("data", (chunk: string) => {
            arrived.push(chunk)
            response.write(`<${chunk}>`)
          })
          request.on("end", () => response.end())
        })
        const proxy = yield* serve(api, client)

        // each piece is sent when the one before has come back: nothing on the way waits for the whole
        const echoes = yield* Effect.callback<ReadonlyArray<string>>((resume) => {
          const got: Array<string> = []
          const request = Http.request(`${proxy}/api/echo`, {
            method: "POST",
            headers: { ...script, "content-type": "text/plain", "transfer-encoding": "chunked" }
          }, (response) => {
            response.setEncoding("utf8")
            response.on("data", (chunk: string) => {
              got.push(chunk)
              if (got.length < 3) request.write(`piece ${got.length + 1}`)
              else request.end()
            })
            response.on("end", () => resume(Effect.succeed(got)))
          })
          request.write("piece 1")
        })

        assert.deepStrictEqual(echoes, ["<piece 1>", "<piece 2>", "<piece 3>"])
        assert.deepStrictEqual(arrived, ["piece 1", "piece 2", "piece 3"])
      }).pipe(Effect.scoped))

    it.live("ends the request to the API when the browser goes away", () =>
      Effect.gen(function*() {
        const gone = yield* Deferred.make<void>()
        const api = yield* listen((_, response) => {
          response.writeHead(200, { "content-type": "text/plain" })
          response.write("first")
          response.on("close", () => Deferred.doneUnsafe(gone, Effect.void))
        })
        const proxy = yield* serve(api, client)

        yield* Effect.callback<void>((resume) => {
          const request = Http.get(`${proxy}/api/endless`, { headers: script }, (response) => {
            response.once("data", () => {
              request.destroy()
              resume(Effect.void)
            })
            response.on("error", () => undefined)
          })
          request.on("error", () => undefined)
        })

        yield* Deferred.await(gone)
      }).pipe(Effect.scoped))

    it.live("leads nowhere else by a path that no client would write [10017-6.1.3.6-a] [10017-6.1.3.6-b]", () =>
      Effect.gen(function*() {
        const paths: Array<string> = []
        const api = yield* listen((request, response) => {
          paths.push(request.url ?? "")
          response.end()
        })
        const proxy = yield* serve(api, client)

        const statuses = yield* Effect.forEach(
          [
            "/api/../admin",
            "/api/files/../../admin",
            "/api/files/..%2f..%2fadmin",
            "/api/files/%2e%2e/admin",
            "//evil.test/api/files/1",
            "/api//evil.test/files/1",
            "/api/files/a\\..\\b",
            `${api}/admin`,
            "/API/files/1",
            "/%61pi/files/1"
          ],
          (path) =>
            Effect.callback<number>((resume) => {
              const { hostname, port } = new URL(proxy)
              Http.get({ hostname, port, path, headers: script }, (response) => {
                response.resume()
                resume(Effect.succeed(response.statusCode ?? 0))
              })
            })
        )

        assert.deepStrictEqual(paths, [])
        for (const status of statuses) assert.include([400, 404], status)
      }).pipe(Effect.scoped))

    it.live("says that it did not reach the API", () =>
      Effect.gen(function*() {
        const proxy = yield* serve("http://127.0.0.1:1", client)

        const { body, status } = yield* get(`${proxy}/api/files/1`)

        assert.deepStrictEqual([status, JSON.parse(body).kind], [503, "unavailable"])
      }).pipe(Effect.scoped))

    it.live("gives back an answer without a body, and one of a length", () =>
      Effect.gen(function*() {
        const api = yield* listen((request, response) => {
          if (request.url === "/files/none") response.writeHead(204).end()
          else if (request.headers["if-none-match"] !== undefined) response.writeHead(304, { etag: "\"1\"" }).end()
          else response.end("x".repeat(100_000))
        })
        const proxy = yield* serve(api, client)

        const none = yield* get(`${proxy}/api/files/none`)
        const unchanged = yield* get(`${proxy}/api/files/1`, { "if-none-match": "\"1\"" })
        const whole = yield* get(`${proxy}/api/files/1`)

        assert.deepStrictEqual([none.status, unchanged.status, whole.status], [204, 304, 200])
        assert.strictEqual(whole.body.length, 100_000)
      }).pipe(Effect.scoped))
  })
}

const script = { "x-csrf": "1", "sec-fetch-site": "same-origin", "accept": "application/json" }

const get = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, { headers: { ...script, ...headers } })
    return { status: response.status, body: await response.text() }
  })

const listen = (listener: Http.RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<Http.Server>((resume) => {
      const server = Http.createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  ).pipe(Effect.map((server) => {
    const address = server.address()
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`
  }))

/** A proxy in front of an API, whose token is always the same. */
const serve = Effect.fnUntraced(function*(api: string, client: typeof FetchHttpClient.layer) {
  const server = yield* Effect.fromResult(AuthorizationServer.make({
    provider: "test",
    issuer: "https://as.test",
    tokenEndpoint: "https://as.test/token",
    apiOrigins: ["https://api.test"]
  }))
  const authentication = yield* Effect.fromResult(
    ClientAuthentication.basic({ clientId: "app", clientSecret: Redacted.make("secret") })
  )
  const token = Effect.succeed({ value: Redacted.make("token"), type: "Bearer" as const })
  const service = {
    key: (account: string): GrantKey.GrantKey => AuthorizationServer.key(server, { client: "app", account }),
    bind: (key: GrantKey.GrantKey) => ({ key, token, refused: () => token })
  } as unknown as TokenService.TokenService["Service"]
  const routes = ApiProxy.layer({
    origin: "https://app.test",
    path: "/api",
    account: () => Effect.succeed("ada"),
    allow: [{ methods: ["GET", "POST"], path: "/echo" }, { methods: ["GET"], path: "/endless" }, {
      methods: ["GET"],
      path: "/files/*"
    }]
  }).pipe(
    Layer.provide(Layer.mergeAll(
      Layer.succeed(AuthorizationServer.AuthorizationServer, { ...server, apiOrigins: [api] }),
      Layer.succeed(ClientAuthentication.ClientAuthentication, authentication),
      Layer.succeed(TokenService.TokenService, service),
      client
    ))
  )
  const context = yield* Layer.build(
    HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(() => Http.createServer(), { port: 0, host: "127.0.0.1" }))
    )
  )
  const { address } = Context.get(context, HttpServer.HttpServer)
  return address._tag !== "UnixPathAddress" ? `http://127.0.0.1:${address.port}` : assert.fail("no port")
})
