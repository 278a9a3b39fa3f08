/** Ports of this machine that nobody listens at. */
import { Effect } from "effect"
import { freePort } from "../../../../packages/core/test/support/freePort.ts"

/** One of them. */
export const free: Effect.Effect<number> = Effect.promise(freePort)
