/**
 * What can go wrong in a simulation, by name: at the token endpoint, at the
 * store, and to processes and grants. A run has one of them in its focus.
 */
import { RotationPolicy } from "@effect-oauth/core"
import { Fault } from "@effect-oauth/core/testing"
import { Duration } from "effect"
import type { Prng } from "./Machine.ts"
import type { Fate } from "./SharedStore.ts"

/** The fates of an exchange with the token endpoint. */
export const exchanges = {
  "dns": () => Fault.dns,
  "connection refused": () => Fault.connectionRefused,
  "connect time-out": () => Fault.connectTimeout(),
  "tls": () => Fault.tls,
  "request lost (reset)": () => Fault.requestLost("reset"),
  "request lost (silence)": () => Fault.requestLost("silence"),
  "answer lost (reset)": () => Fault.answerLost("reset"),
  "answer lost (silence)": () => Fault.answerLost("silence"),
  "answer lost (truncated)": () => Fault.answerLost("truncated"),
  "answer lost (stalled)": () => Fault.answerLost("stalled"),
  "slow": (prng) => Fault.slow({ request: prng.between(0, 25_000), answer: prng.between(0, 25_000) }),
  "too slow": (prng) => Fault.slow({ answer: prng.between(60_000, 90_000) }),
  "request comes late": (prng) => Fault.slow({ request: prng.between(50_000, 75_000) }),
  "server error before rotation": (prng) => Fault.serverError("unprocessed", prng.pick([500, 502, 504])),
  "server error after rotation": (prng) => Fault.serverError("processed", prng.pick([500, 502, 504])),
  "page before rotation": (prng) => Fault.page("unprocessed", prng.pick([200, 403, 502])),
  "page after rotation": (prng) => Fault.page("processed", prng.pick([200, 502])),
  "not JSON": () => Fault.notJson("processed"),
  "unavailable": (prng) => Fault.unavailable(prng.chance(0.5) ? {} : { retryAfter: "20" }),
  "too many requests": () => Fault.unavailable({ status: 429, retryAfter: "40" }),
  "temporarily_unavailable": () => Fault.refusal("temporarily_unavailable"),
  "invalid_client": () => Fault.refusal("invalid_client", 401),
  "invalid_request": () => Fault.refusal("invalid_request"),
  "invalid_grant": () => Fault.refusal("invalid_grant"),
  "redirect": () => Fault.redirect("https://elsewhere.test/token"),
  "without access token": () => Fault.without("access_token"),
  "without token type": () => Fault.without("token_type"),
  "without refresh token": () => Fault.without("refresh_token"),
  "other subject": () => Fault.otherSubject(),
  "duplicated": (prng) =>
    Fault.duplicated({ after: prng.pick([0, 100, 5_000]), answer: prng.pick(["first", "second"]) })
} satisfies Record<string, (prng: Prng) => Fault.Fault>

/** The fates of a call to the store. */
export const calls = {
  "store call fails": "fail",
  "store call is not answered": "unanswered",
  "store call hangs": "hang",
  "store call comes late": "late",
  "crash before a write": "crash-before",
  "crash after a write": "crash-after"
} satisfies Record<string, Fate>

/** What happens to processes, to the store as a whole, and to grants. */
export const happenings = [
  "crash",
  "closing",
  "short pause",
  "long pause",
  "very long pause",
  "cut off",
  "long cut off",
  "store down",
  "store hanging",
  "store goes back in time",
  "clock jumps",
  "login",
  "revocation",
  "revocation by the provider",
  "ended by the provider's word"
] as const

export type ExchangeFault = keyof typeof exchanges
export type CallFault = keyof typeof calls
export type Happening = typeof happenings[number]
export type Name = ExchangeFault | CallFault | Happening

/** All of them. */
export const names = [...Object.keys(exchanges), ...Object.keys(calls), ...happenings] as ReadonlyArray<Name>

export const isExchangeFault = (name: Name): name is ExchangeFault => name in exchanges

export const isCallFault = (name: Name): name is CallFault => name in calls

export const isHappening = (name: Name): name is Happening => !isExchangeFault(name) && !isCallFault(name)

/** What the server does with refresh tokens. */
export const rotations = {
  "static": RotationPolicy.fixed,
  "strict": RotationPolicy.rotating({ patience: "1 minute" }),
  "idempotent window": RotationPolicy.rotating({
    window: { duration: "4 minutes", idempotent: true },
    patience: "1 minute"
  }),
  "window": RotationPolicy.rotating({ window: { duration: "4 minutes", idempotent: false }, patience: "1 minute" }),
  "one shot": RotationPolicy.oneShot,
  "unknown": RotationPolicy.unknown
} satisfies Record<string, RotationPolicy.RotationPolicy>

export type Rotation = keyof typeof rotations

export const rotationNames = Object.keys(rotations) as ReadonlyArray<Rotation>

/** What the server of a run does. Some of the strict ones forgive a reuse; for some there is no patience. */
export const rotationOf = (rotation: Rotation, seed: number): RotationPolicy.RotationPolicy => {
  const policy = rotations[rotation]
  if (rotation !== "strict" || policy._tag !== "Rotating") return policy
  return {
    ...policy,
    reuseRevokesFamily: seed % 5 !== 0,
    patience: seed % 8 === 1 ? Duration.zero : policy.patience
  }
}
