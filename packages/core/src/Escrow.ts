/**
 * A last place for a pair that the store would not take before this process had
 * to end.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as GrantSchema from "./GrantSchema.ts"
import type { OAuthError } from "./OAuthError.ts"

/**
 * A write that did not reach the store.
 *
 * @category models
 * @since 0.1.0
 */
export type Entry = typeof GrantSchema.Escrowed.Type

/**
 * Keeps writes that did not reach the store until the next start of the
 * process, which commits them before it renews anything.
 *
 * **Details**
 *
 * Optional: without one, a pair that cannot be saved before `shutdownGrace` ends
 * is lost with the process, and an event says so.
 *
 * @category services
 * @since 0.1.0
 */
export class Escrow extends Context.Service<Escrow, {
  /**
   * Keeps a write, durably.
   */
  readonly deposit: (entry: Entry) => Effect.Effect<void, OAuthError>

  /**
   * What is kept.
   */
  readonly entries: Effect.Effect<ReadonlyArray<Entry>, OAuthError>

  /**
   * Forgets a write that was committed or overtaken.
   */
  readonly withdraw: (entry: Entry) => Effect.Effect<void, OAuthError>
}>()("@effect-oauth/core/Escrow") {}
