/** A wire to the database that can be cut, or go silent. */
import { Effect } from "effect"
import * as Net from "node:net"

export interface Proxy {
  readonly url: string
  /** Ends the connections there are. */
  readonly cut: Effect.Effect<void>
  /** Lets the connections there are stay open, and carries nothing more on them. */
  readonly silence: Effect.Effect<void>
  /** Whether new connections are carried. */
  readonly refuse: (isRefusing: boolean) => Effect.Effect<void>
}

export const make = Effect.fnUntraced(function*(target: string) {
  const url = new URL(target)
  const pairs = new Set<readonly [Net.Socket, Net.Socket]>()
  let isRefusing = false

  const server = Net.createServer((near) => {
    if (isRefusing) {
      near.destroy()
      return
    }
    const far = Net.connect(Number(url.port || 5432), url.hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    for (const socket of pair) {
      socket.on("error", () => {})
      socket.on("close", () => {
        pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.sync(() => {
        server.close()
        for (const [near] of pairs) near.destroy()
      })
  )
  const address = server.address()
  const through = new URL(target)
  through.hostname = "127.0.0.1"
  through.port = String(typeof address === "object" && address !== null ? address.port : 0)

  const proxy: Proxy = {
    url: through.href,
    cut: Effect.sync(() => {
      for (const [near] of pairs) near.destroy()
    }),
    silence: Effect.sync(() => {
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        near.pause()
        far.pause()
      }
    }),
    refuse: (refusing) =>
      Effect.sync(() => {
        isRefusing = refusing
      })
  }
  return proxy
})
