/** A server on loopback for as long as the scope lives. */
import { Effect, type Scope } from "effect"
import * as http from "node:http"
import type * as net from "node:net"

/** Opens the port first, as a server's issuer is made of it. */
export const listen = (
  make: (origin: string) => Promise<http.RequestListener>
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = http.createServer()
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        const { port } = server.address() as net.AddressInfo
        const origin = `http://127.0.0.1:${port}`
        server.on("request", await make(origin))
        return { origin, server }
      }),
      ({ server }) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    ({ origin }) => origin
  )
