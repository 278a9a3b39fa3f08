/** Nodes of one application on one Redis. */
import { TokenStore } from "@effect-oauth/core"
import * as RedisTokenStore from "@effect-oauth/core/RedisTokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Coherence from "./support/coherence.ts"
import * as Formats from "./support/formats.ts"
import * as RedisServer from "./support/RedisServer.ts"
import * as Rolling from "./support/rolling.ts"

describe.skipIf(!RedisServer.isAvailable)("nodes on Redis", () => {
  it.layer(RedisServer.layerAny, { excludeTestServices: true })((it) => {
    for (const [index, law] of [...Coherence.laws, ...Rolling.laws].entries()) {
      it.effect(law.name, () =>
        Effect.gen(function*() {
          const server = Layer.succeed(RedisServer.RedisServer, yield* RedisServer.RedisServer)
          const store = RedisTokenStore.layer({ prefix: `nodes-${process.pid}-${index}` }).pipe(
            Layer.provide(RedisServer.client()),
            Layer.provide(server)
          )
          // each node has connections of its own
          yield* law.run(Effect.map(Layer.build(Layer.fresh(store)), Context.get(TokenStore.TokenStore)))
        }))
    }
  })
})

describe.skipIf(!RedisServer.isAvailable)("a hash of RedisTokenStore", () => {
  it.live("is read as its first version was written", () =>
    Effect.gen(function*() {
      const prefix = `formats-${process.pid}`
      const redis = yield* Redis.Redis
      const store = yield* RedisTokenStore.make({ prefix })
      const { body, dueAt, changedAt, retryAt, version, ...head } = JSON.parse(
        Fs.readFileSync(Path.join(import.meta.dirname, "fixtures/format-1/active.json"), "utf8")
      )
      yield* redis.send(
        "HSET",
        `{${prefix}}:grant:${Formats.key.id}`,
        ...Object.entries({ version, head, body, due: dueAt, retry: retryAt, changed: changedAt })
          .flatMap(([field, value]) => [field, typeof value === "string" ? value : JSON.stringify(value)])
      )

      const { grant } = yield* store.read(Formats.key)

      assert.deepStrictEqual(Formats.plain(grant), Formats.plain(Formats.records.active))
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(RedisServer.client(), RedisServer.layerAny))))
})
