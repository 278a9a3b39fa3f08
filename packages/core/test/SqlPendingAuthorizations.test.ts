import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import { PendingAuthorizationsContract } from "@effect-oauth/core/testing"
import { describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Sqlite from "./support/sqlite.ts"

describe("SqlPendingAuthorizations", () => {
  describe("on SQLite", () => {
    for (const law of PendingAuthorizationsContract.cases) {
      it.live(law.name, () => Effect.provide(law.run, Layer.provide(SqlPendingAuthorizations.layer(), Sqlite.layer())))
    }
  })
})
