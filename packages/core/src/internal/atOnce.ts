/** Stores that answer before they could be waited for. */
import type { TokenStore } from "../TokenStore.ts"

/**
 * Stores of which no method ever waits: a call to one takes no fiber of its own, and no limit of time. One that is made of
 * the methods of such a store is another, and may wait.
 */
export const stores = /* @__PURE__ */ new WeakSet<TokenStore["Service"]>()
