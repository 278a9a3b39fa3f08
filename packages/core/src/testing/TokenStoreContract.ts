/**
 * The laws of a token store.
 *
 * A store may be shared with others while the laws run, and may hold records of
 * earlier runs: every law uses keys of its own. Under `TestClock` the laws move
 * the clock; a store that lives by real time is tried with the live one.
 *
 * @since 0.1.0
 */
import type { TokenStore } from "../TokenStore.ts"
import type { Law } from "./Contract.ts"
import { changeLaws, historyLaws, pageLaws, recordLaws } from "./internal/storeReadLaws.ts"
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
  ...pageLaws,
  ...changeLaws
]
