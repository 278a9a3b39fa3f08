import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { heldBytes, scaled } from "../measure.ts"
import { open } from "../service.ts"
import type { Contender, Scale, Workload } from "../Workload.ts"

const grants = 100_000

/** Bytes that one grant holds beyond the strings of its tokens. `hold` returns what keeps all of them. */
const holding = (
  name: string,
  kind: Contender["kind"],
  hold: (tokens: ReadonlyArray<readonly [access: string, refresh: string]>) => Promise<unknown>
): Contender => ({
  name,
  kind,
  run: async (scale: Scale) => {
    const count = scaled(grants, scale)
    await hold(tokensOf(100))
    const tokens = tokensOf(count)
    const before = heldBytes()
    const held = await hold(tokens)
    const bytes = (heldBytes() - before) / count
    if (held === undefined || tokens.length !== count) throw new Error("nothing is held")
    return { bytes }
  }
})

const tokensOf = (count: number) =>
  Array.from({ length: count }, (_, index) => [`access-token-of-${index}`, `refresh-token-of-${index}`] as const)

const floor = "Map of objects, both tokens Redacted"
const ours = "TokenService with its memory store"

export const workload: Workload = {
  steady: true,
  title: "bytes held for one grant",
  metrics: { bytes: "bytes beyond the token strings" },
  contenders: [
    holding(floor, "floor", async (tokens) =>
      new Map(tokens.map(([access, refresh], index) => [
        index,
        { accessToken: Redacted.make(access), refreshToken: Redacted.make(refresh), expiresAt: index }
      ]))),
    holding(ours, "ours", async (tokens) => {
      const held = await open(tokens)
      // a snapshot of the service is made by the first use
      for (const key of held.keys) await Effect.runPromise(held.service.token(key))
      return held
    })
  ],
  reach: [{ contender: ours, metric: "bytes", over: floor, atMost: 1.25 }]
}
