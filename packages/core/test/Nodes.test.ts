/** Nodes of one application on one store: what they know of each other, and what a rolling deployment costs. */
import { EncryptedTokenStore, Keyring, TokenStore } from "@effect-oauth/core"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import * as Coherence from "./support/coherence.ts"
import type { Store } from "./support/nodes.ts"
import * as Rolling from "./support/rolling.ts"
import * as Sqlite from "./support/sqlite.ts"

const memory = TokenStore.layerMemory

const sealed = EncryptedTokenStore.layer().pipe(
  Layer.provide(Keyring.layer({ current: "a", keys: { a: Redacted.make("A".repeat(43)) } }))
)

/** Stores, each with what one node puts over it. */
const stores: ReadonlyArray<
  readonly [
    name: string,
    shared: Layer.Layer<TokenStore.TokenStore, unknown>,
    own: Layer.Layer<TokenStore.TokenStore, unknown, TokenStore.TokenStore>
  ]
> = [
  ["memory", memory, Layer.effect(TokenStore.TokenStore, TokenStore.TokenStore)],
  [
    "SQLite",
    SqlTokenStore.layer().pipe(Layer.provide(Sqlite.layer())),
    Layer.effect(TokenStore.TokenStore, TokenStore.TokenStore)
  ],
  ["an encrypted store over memory", memory, sealed]
]

for (const [name, shared, own] of stores) {
  describe(`nodes on ${name}`, () => {
    for (const law of [...Coherence.laws, ...Rolling.laws]) {
      it.live(law.name, () =>
        Effect.gen(function*() {
          const store = Context.get(yield* Layer.build(shared), TokenStore.TokenStore)
          yield* law.run(opening(own, store))
        }))
    }
  })
}

const opening = (own: Layer.Layer<TokenStore.TokenStore, unknown, TokenStore.TokenStore>, store: Store) =>
  Effect.map(
    Layer.build(Layer.provide(own, Layer.succeed(TokenStore.TokenStore, store))),
    Context.get(TokenStore.TokenStore)
  )
