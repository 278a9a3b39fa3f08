/** Ports of this machine that nobody listens at. */
import { Effect } from "effect"
import * as Net from "node:net"

/** One of them. */
export const free: Effect.Effect<number> = Effect.callback((resume) => {
  const server = Net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})
