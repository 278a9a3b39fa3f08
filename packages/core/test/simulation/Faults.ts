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

/** What a call to the store is for. */
export type Purpose = "read" | "claim" | "commit" | "heartbeat" | "other"

/** The fates of a call to the store: what it is for, and what becomes of it. */
export const calls = {
  "a read fails": ["read", "fail"],
  "a read hangs": ["read", "hang"],
  "a claim fails": ["claim", "fail"],
  "a claim is applied and not answered": ["claim", "unanswered"],
  "a claim hangs": ["claim", "hang"],
  "a claim comes late": ["claim", "late"],
  "crash before a claim": ["claim", "crash-before"],
  "crash after a claim": ["claim", "crash-after"],
  "a heartbeat fails": ["heartbeat", "fail"],
  "a heartbeat hangs": ["heartbeat", "hang"],
  "a commit fails": ["commit", "fail"],
  "a commit is applied and not answered": ["commit", "unanswered"],
  "a commit hangs": ["commit", "hang"],
  "a commit comes late": ["commit", "late"],
  "crash before a commit": ["commit", "crash-before"],
  "crash after a commit": ["commit", "crash-after"]
} satisfies Record<string, readonly [Purpose, Fate]>

/** What happens to processes, to the store as a whole, to grants, and to callers. */
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
  "clocks apart",
  "caller interrupted",
  "login",
  "revocation",
  "revocation by the provider",
  "ended by the provider's word"
] as const

export type ExchangeFault = keyof typeof exchanges
export type CallFault = keyof typeof calls
export type Happening = typeof happenings[number]
export type Name = ExchangeFault | CallFault | Happening

const exchangeNames = Object.keys(exchanges) as ReadonlyArray<ExchangeFault>
const callNames = Object.keys(calls) as ReadonlyArray<CallFault>

/** All of them. */
export const names: ReadonlyArray<Name> = [...exchangeNames, ...callNames, ...happenings]

export const isExchangeFault = (name: string): name is ExchangeFault => name in exchanges

export const isCallFault = (name: string): name is CallFault => name in calls

export const isHappening = (name: string): name is Happening => happenings.some((happening) => happening === name)

/** Some fault of an exchange. */
export const someExchange = (prng: Prng): ExchangeFault => pick(prng, exchangeNames)

/** Some fault of a call for a purpose; there is none for any other purpose. */
export const someCall = (prng: Prng, purpose: Purpose): CallFault | undefined => {
  const some = callNames.filter((name) => calls[name][0] === purpose)
  return some.length === 0 ? undefined : pick(prng, some)
}

const pick = <A>(prng: Prng, of: ReadonlyArray<A>): A => {
  const [first, ...others] = of
  if (first === undefined) throw new Error("There is nothing to pick from")
  return prng.pick([first, ...others])
}

/** What the server does with refresh tokens. */
export const rotations = {
  "static": RotationPolicy.fixed,
  "strict": RotationPolicy.rotating({ patience: "1 minute" }),
  "idempotent window": RotationPolicy.rotating({
    window: { duration: "150 seconds", idempotent: true },
    patience: "1 minute"
  }),
  "window": RotationPolicy.rotating({ window: { duration: "150 seconds", idempotent: false }, patience: "1 minute" }),
  "one shot": RotationPolicy.oneShot,
  "unknown": RotationPolicy.unknown
} satisfies Record<string, RotationPolicy.RotationPolicy>

export type Rotation = keyof typeof rotations

export const rotationNames = Object.keys(rotations) as ReadonlyArray<Rotation>

/** Pairs that cannot be: a server that gives no other refresh token cannot leave it out. */
export const impossible: ReadonlySet<string> = new Set(["without refresh token / one shot"])

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
