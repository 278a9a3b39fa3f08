/** The numbers of a run, in milliseconds where nothing else is said, and why they belong together. */
import { RefreshPolicy, RotationPolicy } from "@effect-oauth/core"
import { Duration } from "effect"

/** What a server does with a refresh token that it has replaced. */
export type Kind = "windowed" | "strict"

/** Processes and grants of a run. The first half of the grants are at a server with a replay window. */
export const processes = 8
export const grants = 200

/** How many callers each process has. They ask for the grants that they are dealt: all equally often, in random order. */
export const callers = 3

/** How many tokens a process has used before it may be killed: most of them are at work, also on a busy machine. */
export const atLeast = 4

/** How long a caller rests after a token, on average. */
export const rest = 300

/** What oidc-provider counts in is seconds. */
export const accessTokenSeconds = 2

/** How long a claim holds without a heartbeat, and must have stood unchanged after that before another follows. */
export const lease = 3_000
export const settle = 1_000

/** How long a token without an answer rests beyond that at a strict server. No process is stopped for as long. */
export const patience = 5_000

/** How long one request to the token endpoint may take. */
export const timeLimit = 5_000

/** How long the store is away: often for longer than the lease, which hits every process. */
export const outage = { shortest: 1_000, longest: 4_500 }

/** How long a process is stopped: past its lease, and within lease, settle time and patience. */
export const stop = { shortest: lease + 300, longest: lease + 1_500 }

/** How long the way of one process to the store stands still. */
export const stall = { shortest: 200, longest: 1_500 }

/**
 * How long after its first presentation a replaced token is answered again by the server with a window. It covers
 * lease, settle time and the longest outage, several holders that are killed one after the other, and what all of it
 * takes longer on a machine that has other things to do. A window helps only a grant that is asked for while it is open.
 */
export const window = 120_000

/** How many milliseconds pass at the token endpoint before a request is looked at: mostly few. */
export const latency = { usual: 15, most: 1_200 }

/** How often a request to the token endpoint meets with what. */
export const odds: Readonly<Record<Kind, Readonly<Record<Mishap, number>>>> = {
  windowed: { "reset": 0.01, "unavailable": 0.02, "slow": 0.02, "answer dropped": 0.04, "failed after rotation": 0.02 },
  // each lost answer costs a grant here
  strict: { "reset": 0.01, "unavailable": 0.02, "slow": 0.02, "answer dropped": 0.01, "failed after rotation": 0.005 }
}

/**
 * What happens to a request: the connection ends before it is looked at; 503; it takes long; the server has done its
 * work and the connection ends, or it answers 500.
 */
export type Mishap = (typeof mishaps)[number]

export const mishaps = ["reset", "unavailable", "slow", "answer dropped", "failed after rotation"] as const

/** The policy of the processes: the defaults, scaled to tokens that live two seconds. */
export const policy: RefreshPolicy.Options = {
  lease,
  settle,
  timeLimit,
  storeTimeLimit: 2_000,
  persist: RefreshPolicy.defaults.poll,
  // what is not answered is tried again within the run
  indeterminate: (attempts) => attempts <= 1 ? Duration.zero : Duration.seconds(1),
  breakerRest: 1_000,
  shutdownGrace: 5_000
}

/** How each server declares itself. */
export const rotation = (kind: Kind, duration: number): RotationPolicy.RotationPolicy =>
  RotationPolicy.rotating({
    patience,
    reuseRevokesFamily: true,
    ...(kind === "windowed" ? { window: { duration, idempotent: true } } : {})
  })

/** The accounts, each with one grant, and the server of each. */
export const accounts: ReadonlyArray<{ readonly account: string; readonly kind: Kind }> = Array.from(
  { length: grants },
  (_, index) =>
    index < grants / 2
      ? { account: `windowed-${index}`, kind: "windowed" }
      : { account: `strict-${index - grants / 2}`, kind: "strict" }
)

/** The instants of the ledger and of all processes: a clock that every process of this machine reads alike. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6
