/**
 * The sandbox's HTTP server: it listens on the loopback address only, and may
 * end a connection without an answer.
 */
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { Reply, Request } from "./Message.ts"

/** Why the sandbox cannot listen. */
export class SandboxError extends Schema.TaggedError<SandboxError>()("SandboxError", {
  message: Schema.String
}) {}

/** A server that listens and does not answer yet. */
export interface Server {
  readonly origin: string
  /** Begins to answer. */
  readonly serve: (handle: (request: Request) => Effect.Effect<Reply>) => Effect.Effect<void>
}

/** The largest body that is read. */
const bodyLimit = 64 * 1024

/**
 * Listens on `127.0.0.1`, at any free port where `port` is 0. When the scope
 * closes, every connection is ended, and no answer is waited for.
 */
export const listen = Effect.fnUntraced(function*(
  port: number
): Effect.fn.Return<Server, SandboxError, Scope.Scope> {
  const run = yield* FiberSet.makeRuntime()
  const server = yield* Effect.acquireRelease(
    Effect.callback<Http.Server, SandboxError>((resume) => {
      const server = Http.createServer({ keepAliveTimeout: 60_000 })
      server.once("error", (error) => {
        resume(
          Effect.fail(new SandboxError({ message: `The sandbox cannot listen on port ${port}: ${error.message}` }))
        )
      })
      server.listen(port, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : port}`

  return {
    origin,
    serve: (handle) =>
      Effect.sync(() => {
        server.on("request", (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse) => {
          run(respond(origin, handle, incoming, outgoing))
        })
      })
  }
})

const respond = Effect.fnUntraced(
  function*(
    origin: string,
    handle: (request: Request) => Effect.Effect<Reply>,
    incoming: Http.IncomingMessage,
    outgoing: Http.ServerResponse
  ) {
    const body = yield* readBody(incoming)
    const path = incoming.url ?? "/"
    if (body === undefined || !path.startsWith("/") || !URL.canParse(origin + path)) {
      incoming.socket.destroy()
      return
    }
    // The client may be gone by now. A server does not notice, and does its work.
    const reply = yield* handle({
      method: incoming.method ?? "GET",
      url: new URL(origin + path),
      headers: incoming.headers,
      body
    })
    if (reply === "dropped") {
      incoming.socket.destroy()
      return
    }
    outgoing.writeHead(reply.status, { ...reply.headers, "content-length": Buffer.byteLength(reply.body) })
    outgoing.end(reply.body)
  },
  (effect, _origin, _handle, incoming) =>
    Effect.catchCause(effect, (cause) =>
      Effect.andThen(
        Effect.logError("The sandbox failed", cause),
        Effect.sync(() => void incoming.socket.destroy())
      ))
)

const readBody = (incoming: Http.IncomingMessage): Effect.Effect<Uint8Array | undefined> =>
  Effect.callback((resume) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    incoming.on("data", (chunk: Uint8Array) => {
      length += chunk.length
      if (length <= bodyLimit) chunks.push(chunk)
      else resume(Effect.undefined)
    })
    incoming.once("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    incoming.once("error", () => resume(Effect.undefined))
    incoming.once("close", () => resume(Effect.undefined))
  })
