/** Nodes of one application on one Postgres: what they know of each other, and what a rolling deployment costs. */
import { TokenStore } from "@effect-oauth/core"
import { PostgresTokenStore } from "@effect-oauth/postgres"
import { describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Coherence from "../../core/test/support/coherence.ts"
import * as Rolling from "../../core/test/support/rolling.ts"
import * as Postgres from "./support/postgres.ts"

describe.skipIf(Postgres.isMissing)("nodes on Postgres", () => {
  for (const law of [...Coherence.laws, ...Rolling.laws]) {
    it.live(law.name, () =>
      Postgres.withTables(Effect.gen(function*() {
        const { grants: table } = yield* Postgres.Tables
        const store = PostgresTokenStore.layer({ table }).pipe(Layer.provide(Postgres.client({ maxConnections: 3 })))
        yield* law.run(Effect.map(Layer.build(Layer.fresh(store)), Context.get(TokenStore.TokenStore)))
      })))
  }
})
