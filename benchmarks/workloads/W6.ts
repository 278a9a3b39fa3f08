import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { heldBytes, scaled } from "../measure.ts"
import { badgateway, google } from "../peers.ts"
import { open, type Tokens, tokensOf } from "../service.ts"
import type { Contender, Scale, Workload } from "../Workload.ts"

const grants = 100_000

/** Bytes that one grant holds beyond the strings of its tokens. `hold` returns what keeps all of them. */
const holding = (
  name: string,
  kind: Contender["kind"],
  hold: (tokens: Tokens) => Promise<unknown>,
  long = false
): Contender => ({
  name,
  kind,
  long,
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

const endpoint = "https://as.example/token"

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
      // what names a grant is the application's
      return held.service
    }),
    holding(
      "google-auth-library",
      "peer",
      (tokens) =>
        Promise.all(tokens.map(async ([access_token, refresh_token], index) => {
          const client = await google(endpoint)
          client.setCredentials({ access_token, refresh_token, expiry_date: index })
          return client
        })),
      true
    ),
    holding(
      "@badgateway/oauth2-client",
      "peer",
      (tokens) => Promise.all(tokens.map(() => badgateway(endpoint, Number.MAX_SAFE_INTEGER))),
      true
    )
  ],
  reach: [{ contender: ours, metric: "bytes", over: floor, atMost: 1.25 }]
}
