/**
 * How long before its end a token is renewed, and how long before it is given to
 * nobody any more. In milliseconds, from the token's lifetime.
 */
import * as Duration from "effect/Duration"
import type { RefreshPolicy } from "../RefreshPolicy.ts"

/** A token is due so long before its end. */
export const margin = (policy: RefreshPolicy, lifetime: number): number =>
  Math.min(Duration.toMillis(policy.margin), lifetime * policy.marginFraction)

/** A token is given to nobody so long before its end. */
export const skew = (policy: RefreshPolicy, lifetime: number): number =>
  Math.min(Duration.toMillis(policy.skew), lifetime / 10)
