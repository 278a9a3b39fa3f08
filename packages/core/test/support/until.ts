/** Waits for what comes by itself: nothing but the time limit of the test bounds it. */
import { Effect } from "effect"

/** Waits until it is so, in real time. */
export const until = (holds: () => boolean): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const look = () => holds() ? resume(Effect.void) : (timer = setTimeout(look, 5))
    let timer: NodeJS.Timeout | undefined
    look()
    return Effect.sync(() => clearTimeout(timer))
  })
