/** What somebody else's code comes to, within the time that an exchange may take: a hook, a key that signs elsewhere. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ExchangeLimits } from "../ExchangeLimits.ts"
import { isValue, within } from "./within.ts"

/** What an effect comes to, or a failure once the time of an exchange is over. */
export const limited = <A, E, E2>(effect: Effect.Effect<A, E>, late: E2): Effect.Effect<A, E | E2> =>
  isValue(effect) ? effect : Effect.flatMap(
    ExchangeLimits,
    ({ timeLimit }) => within(effect, Duration.toMillis(timeLimit), () => Effect.fail(late))
  )
