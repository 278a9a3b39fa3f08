/** The way of one process to the store: it can be cut, or stand still for a while. */
import { Effect } from "effect"
import * as Net from "node:net"

export interface Proxy {
  readonly port: number
  /** Ends the connections there are. */
  readonly cut: Effect.Effect<void>
  /** Keeps back what goes over the connections there are, and nobody is told. */
  readonly stall: (millis: number) => Effect.Effect<void>
}

/** Opens a way to a port of this machine, or to a socket at a path. */
export const make = Effect.fnUntraced(function*(to: number | string) {
  const pairs = new Set<readonly [Net.Socket, Net.Socket]>()
  const server = Net.createServer((near) => {
    const far = typeof to === "number" ? Net.connect(to, "127.0.0.1") : Net.connect(to)
    const pair = [near, far] as const
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on("error", () => {})
      socket.on("close", () => {
        pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
  })
  const cut = Effect.sync(() => {
    for (const [near] of pairs) near.destroy()
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () => Effect.andThen(Effect.sync(() => server.close()), cut)
  )
  const address = server.address()

  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    stall: (millis) =>
      Effect.gen(function*() {
        const stalled = [...pairs]
        for (const [near, far] of stalled) {
          near.unpipe(far)
          far.unpipe(near)
        }
        yield* Effect.sleep(millis)
        for (const [near, far] of stalled) {
          near.pipe(far)
          far.pipe(near)
        }
      })
  } satisfies Proxy
})
