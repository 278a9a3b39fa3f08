/**
 * Two nodes, a Postgres and a sandbox that looks like Frame.io, all on this
 * machine, and a load balancer that sends each request to the other node.
 */
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import type { Input } from "@effect-oauth/cli/sandbox/Settings"
import { FrameIo } from "@effect-oauth/frameio"
import { Effect, Layer, Redacted } from "effect"
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Postgres from "../../packages/postgres/test/support/PostgresServer.ts"
import * as Node from "./Node.ts"

export const open = Effect.fnUntraced(function*(settings: Input) {
  const [balancer, a, b] = [createServer(), createServer(), createServer()]
  yield* listen(balancer)
  const origin = originOf(balancer)
  const postgres = yield* Effect.acquireRelease(
    Effect.promise(() => Postgres.launch()),
    (server) => Effect.promise(server.dispose)
  )
  const sandbox = yield* Sandbox.make({ settings, redirectUris: { "v4-web-app": [`${origin}/oauth/callback`] } })
  const { clientId, clientSecret = Redacted.make("") } = sandbox.registrations["v4-web-app"]
  const provider = FrameIo.layerLoopback({ client: "webApp", clientId, clientSecret, origin: sandbox.origin })

  for (const [name, server] of [["a", a], ["b", b]] as const) {
    const node = Node.layer({ name, server, origin, database: Redacted.make(postgres.url) })
    // fresh: the two share nothing but the database
    yield* Layer.build(Layer.fresh(Layer.provide(node, provider)))
  }
  const nodes = [originOf(a), originOf(b)] as const
  balance(balancer, nodes)
  return { origin, nodes, sandbox }
})

const balance = (balancer: Server, nodes: ReadonlyArray<string>) => {
  let turn = 0
  balancer.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { headers, method, url = "/" } = incoming
    const passed = request(`${nodes[turn++ % nodes.length]}${url}`, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(passed).on("error", () => outgoing.destroy())
  })
}

const listen = (server: Server) =>
  Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
