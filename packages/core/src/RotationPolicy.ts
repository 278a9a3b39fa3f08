/**
 * What a server does with a refresh token when it is presented, declared by the
 * provider as data. It decides whether a token whose presentation got no answer
 * may be presented again, and when.
 *
 * RFC 9700, section 4.14.2, asks servers to detect the reuse of refresh tokens
 * of public clients; how they do it, and what it costs, differs from server to
 * server.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import { read } from "./internal/durations.ts"

/**
 * The refresh token stays the same: presenting it again costs nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Static {
  readonly _tag: "Static"
}

/**
 * Every renewal replaces the refresh token.
 *
 * **Details**
 *
 * `window` is how long after its first presentation the old token may be
 * presented again; `idempotent` says whether it then gives the same pair
 * (otherwise another one, and the earlier dies). `patience` is how long a token
 * without an answer rests, beyond lease and settle time, before it is presented
 * again outside a window: the time for which a stopped process can still come
 * back with the pair. `reuseRevokesFamily` says whether a spent token that is
 * presented ends the grant.
 *
 * `idempotent` decides what becomes of a pair whose holder was away while another
 * process presented the token again and got no answer: it is saved where a repeat
 * brings the same pair, and given up where that would have ended it. A renewal is
 * as careful whatever `reuseRevokesFamily` says: it tells a server that stands in
 * for the real one how to behave (`TestAuthorizationServer`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Rotating {
  readonly _tag: "Rotating"
  readonly window?: { readonly duration: Duration.Duration; readonly idempotent: boolean } | undefined
  readonly reuseRevokesFamily: boolean
  readonly patience: Duration.Duration
}

/**
 * A refresh token works once and has no successor, unless the answer brings one.
 *
 * @category models
 * @since 0.1.0
 */
export interface OneShot {
  readonly _tag: "OneShot"
}

/**
 * Not known: treated as the strictest.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unknown {
  readonly _tag: "Unknown"
}

/**
 * What a server does with a refresh token.
 *
 * @category models
 * @since 0.1.0
 */
export type RotationPolicy = Static | Rotating | OneShot | Unknown

/**
 * Never replaced.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fixed: RotationPolicy = { _tag: "Static" }

/**
 * Replaced by every renewal. Without a `window` the old token is dead at once;
 * `reuseRevokesFamily` is true and `patience` five minutes unless said otherwise.
 * `AuthorizationServer.make` refuses durations that are not finite, or below zero.
 *
 * @category constructors
 * @since 0.1.0
 */
export const rotating = (options?: {
  readonly window?: { readonly duration: Duration.Input; readonly idempotent: boolean } | undefined
  readonly reuseRevokesFamily?: boolean | undefined
  readonly patience?: Duration.Input | undefined
}): RotationPolicy => ({
  _tag: "Rotating",
  ...(options?.window === undefined ? {} : {
    window: {
      duration: durationOf(options.window.duration),
      idempotent: options.window.idempotent
    }
  }),
  reuseRevokesFamily: options?.reuseRevokesFamily ?? true,
  patience: durationOf(options?.patience ?? defaultPatience)
})

/**
 * Used up by its first presentation.
 *
 * @category constructors
 * @since 0.1.0
 */
export const oneShot: RotationPolicy = { _tag: "OneShot" }

/**
 * Not known: the default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknown: RotationPolicy = { _tag: "Unknown" }

/**
 * Whether presenting a refresh token may use it up.
 *
 * @category predicates
 * @since 0.1.0
 */
export const spends = (self: RotationPolicy): boolean => self._tag !== "Static"

/**
 * How long a token without an answer rests before it is presented again.
 *
 * @category getters
 * @since 0.1.0
 */
export const patience = (self: RotationPolicy): Duration.Duration => {
  switch (self._tag) {
    case "Static":
      return Duration.zero
    case "Rotating":
      return self.patience
    case "OneShot":
    case "Unknown":
      return defaultPatience
  }
}

const defaultPatience = Duration.minutes(5)

// what is not a number is refused with what is not finite, and is not taken for zero
const durationOf = (input: Duration.Input): Duration.Duration => read(input) ?? Duration.infinity
