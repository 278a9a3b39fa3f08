/**
 * Contracts as data: what every implementation of a service must keep, for any
 * test runner.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { OAuthError } from "../OAuthError.ts"

/**
 * One law: a sentence, and an effect that dies with {@link LawBroken} when the
 * implementation in context does not keep it.
 *
 * **Example** (Running a contract)
 *
 * ```ts
 * import { TokenStore } from "@effect-oauth/core"
 * import { TokenStoreContract } from "@effect-oauth/core/testing"
 * import { Effect } from "effect"
 *
 * for (const law of TokenStoreContract.cases) {
 *   await Effect.runPromise(Effect.provide(law.run, TokenStore.layerMemory))
 * }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Law<R> {
  readonly name: string
  readonly run: Effect.Effect<void, OAuthError, R>
}

/**
 * A law was not kept: the defect with which its effect dies.
 *
 * @category errors
 * @since 0.1.0
 */
export class LawBroken extends Data.TaggedError("LawBroken")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}
