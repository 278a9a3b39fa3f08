/** The Web Locks of an origin: what one tab does alone. */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"

/**
 * Runs an effect while no other tab or worker of the origin runs one under the same name. Waiting can be interrupted; a
 * tab that is closed lets go.
 */
export const exclusively = <A, E, R>(
  name: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | OAuthError.ConfigurationInvalid, R> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<R>()
    // absent where the page does not come over https
    const locks: LockManager | undefined = navigator.locks
    if (locks === undefined) return yield* Effect.fail(insecure)
    const exit = yield* Effect.promise((signal) =>
      locks.request(name, { signal }, () => Effect.runPromiseWith(context)(Effect.exit(effect)))
    )
    return yield* exit
  })

const insecure = new OAuthError.ConfigurationInvalid({
  field: "navigator.locks",
  problem: "is missing: serve the page over https, or from this machine"
})
