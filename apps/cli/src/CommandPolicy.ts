/** How commands renew: each is a process of its own, beside any number of others. */
import type * as RefreshPolicy from "@effect-oauth/core/RefreshPolicy"

/** What is not as in a server. */
export const options: RefreshPolicy.Options = {
  // nothing runs on when a command ends
  background: "inline",
  // fifty shells that start at once on a small machine are slow, and their store is not away
  storeTimeLimit: "20 seconds"
}
