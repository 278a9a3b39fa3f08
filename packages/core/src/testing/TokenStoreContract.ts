/**
 * The laws of a token store.
 *
 * A store may be shared with others while the laws run, and may hold records of
 * earlier runs: every law uses keys of its own. Under `TestClock` the laws move
 * the clock; a store that lives by real time is tried with the live one.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { GrantKey } from "../GrantKey.ts"
import type { TokenStore } from "../TokenStore.ts"
import type { Law } from "./Contract.ts"
import { asideLaws, changeLaws, historyLaws, pageLaws, recordLaws, unreadableLaws } from "./internal/storeReadLaws.ts"
import { leaseLaws, writeLaws } from "./internal/storeWriteLaws.ts"

/**
 * The laws of a token store.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Law<TokenStore>> = [
  ...writeLaws,
  ...leaseLaws,
  ...recordLaws,
  ...historyLaws,
  ...asideLaws,
  ...pageLaws,
  ...changeLaws
]

/**
 * The laws of a token store about what it cannot read. `damage` is to change the
 * record of a key so that it is no record any more.
 *
 * @category testing
 * @since 0.1.0
 */
export const unreadable = (damage: (key: GrantKey) => Effect.Effect<void>): ReadonlyArray<Law<TokenStore>> =>
  unreadableLaws(damage)
