/**
 * Keeps logins that were started until their answer arrives, or their time ends.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { PendingAuthorization } from "./AuthorizationRequest.ts"
import * as GrantKey from "./GrantKey.ts"
import type { OAuthError } from "./OAuthError.ts"

/**
 * Keeps pending authorizations: each is taken once, and not after its time.
 *
 * @category services
 * @since 0.1.0
 */
export class PendingAuthorizations extends Context.Service<PendingAuthorizations, {
  /**
   * Keeps a pending authorization under its `state` for `timeToLive`
   * milliseconds (ten minutes is usual).
   */
  readonly put: (pending: PendingAuthorization, timeToLive: number) => Effect.Effect<void, OAuthError>

  /**
   * Removes and returns the pending authorization of a `state`, atomically: of
   * any number of takers, one gets it.
   */
  readonly take: (state: string) => Effect.Effect<Option.Option<PendingAuthorization>, OAuthError>

  /**
   * Removes all pending authorizations of an account, at every server and for
   * every client; tells how many there were. One that is taken meanwhile counts
   * for its taker.
   */
  readonly forget: (account: string) => Effect.Effect<number, OAuthError>
}>()("@effect-oauth/core/PendingAuthorizations") {}

/**
 * Whether a pending authorization is one of an account.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOf = ({ key }: Pick<PendingAuthorization, "key">, account: string): boolean =>
  GrantKey.fromId(key)?.account === account

/**
 * Pending authorizations that live and end with this process.
 *
 * **Details**
 *
 * At most `capacity` (10,000) are kept: when more are started, the oldest goes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (
  options?: { readonly capacity?: number | undefined }
): Layer.Layer<PendingAuthorizations> =>
  Layer.effect(
    PendingAuthorizations,
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const capacity = options?.capacity ?? 10_000
      const kept = new Map<string, { readonly pending: PendingAuthorization; readonly until: number }>()

      return PendingAuthorizations.of({
        put: (pending, timeToLive) =>
          Effect.sync(() => {
            const now = clock.currentTimeMillisUnsafe()
            for (const [state, entry] of kept) {
              // insertion order is the order of age
              if (entry.until > now && kept.size < capacity) break
              kept.delete(state)
            }
            kept.set(Redacted.value(pending.state), { pending, until: now + timeToLive })
          }),
        take: (state) =>
          Effect.sync(() => {
            const entry = kept.get(state)
            kept.delete(state)
            return entry !== undefined && entry.until > clock.currentTimeMillisUnsafe()
              ? Option.some(entry.pending)
              : Option.none()
          }),
        forget: (account) =>
          Effect.sync(() => {
            let forgotten = 0
            for (const [state, { pending }] of kept) {
              if (isOf(pending, account) && kept.delete(state)) forgotten++
            }
            return forgotten
          })
      })
    })
  )
