/** What a soak goes through, and how fast its clients give up. */
import { RefreshPolicy } from "@effect-oauth/core"
import { Duration } from "effect"

/** A stretch of one kind of trouble. */
export interface Phase {
  readonly name: string
  readonly kind: "calm" | "errors" | "limits" | "outage" | "lost" | "slow"
  readonly seconds: number
}

/** Nothing is wrong. */
export const calm: Phase = { name: "calm", kind: "calm", seconds: 10 }

/** One trouble after another, with rests between. */
export const cycle: ReadonlyArray<Phase> = [
  calm,
  { name: "5xx bursts", kind: "errors", seconds: 6 },
  { ...calm, seconds: 6 },
  { name: "429 with absurd waits", kind: "limits", seconds: 5 },
  { ...calm, seconds: 6 },
  { name: "outage", kind: "outage", seconds: 6 },
  { ...calm, seconds: 6 },
  { name: "slow bodies", kind: "slow", seconds: 6 },
  { ...calm, seconds: 6 },
  { name: "answers lost", kind: "lost", seconds: 3 }
]

/** How many requests came in a phase. */
export interface Counts {
  requests: number
  seconds: number
}

/**
 * How long a replaced refresh token is answered with its successor, in milliseconds: longer than a busy machine may keep
 * the clients from coming back. What becomes of grants when it closes is not what a soak is for; chaos and the simulation
 * are.
 */
export const window = 900_000

/**
 * How long an access token lives, in seconds: long enough for one to be alive when it arrives, also on a machine that is
 * busy, and behind a slow body.
 */
export const lifetime = 4

/** How many grants there are. */
export const grants = 64

/** The refresh policy, scaled down to tokens that are renewed when they are a second old. */
export const policy: RefreshPolicy.Options = {
  margin: "3 seconds",
  marginFraction: 0.75,
  backOff: RefreshPolicy.doubling(Duration.millis(250), Duration.seconds(2)),
  retryAfterCap: "2 seconds",
  breakerThreshold: 10,
  breakerRest: "1 second",
  timeLimit: "5 seconds",
  waitAtMost: "10 seconds",
  minInterval: "100 millis",
  lease: "6 seconds",
  settle: "1 second",
  sendReserve: "1 second"
}

/**
 * How often one grant may be presented in so many seconds of trouble: once and by the schedules within a claim
 * (`notSent`, `ambiguous`: four attempts) for each rest of `backOff`.
 */
export const promised = (seconds: number): number => {
  let [attempts, at, rest] = [0, 0, 0.25]
  while (at <= seconds) {
    attempts += 4
    at += rest
    rest = Math.min(2, rest * 2)
  }
  return attempts
}

/** How many seconds are between two looks at a process, in a soak of so many minutes. */
export const interval = (minutes: number): number => minutes < 5 ? 5 : 10

/** What a process has at one moment. */
export interface Left {
  /** Minutes since the beginning. */
  readonly at: number
  /** What is resident once all has been given back that can be. */
  readonly rssMb: number
  /** What was resident before. */
  readonly asItStandsMb: number
  readonly heapMb: number
  /** What is held outside of the heap. */
  readonly externalMb: number
  /** The longest that the process did nothing at all so far. */
  readonly stalledMs: number
  readonly timers: number
  readonly sockets: number
  readonly listeners: number
}

/** What the users of a process have come to. */
export interface Tally {
  tokens: number
  failures: number
  /** How often the breaker opened and closed. */
  opened: number
  closed: number
  lost: number
  /** Grants that gave no token at the end, a minute after the last trouble. */
  silent: number
  /** The longest that a user waited for a token, when that was, and what they were told meanwhile. */
  longest:
    | { readonly millis: number; readonly at: number; readonly reasons: Readonly<Record<string, number>> }
    | undefined
}

/** What the processes of a soak tell each other: those of the servers, of the users, and the one that started them. */
export type Message =
  | { readonly _tag: "Listening"; readonly port: number }
  | { readonly _tag: "Issue"; readonly grants: number }
  | { readonly _tag: "Issued"; readonly tokens: ReadonlyArray<string> }
  | {
    readonly _tag: "Go"
    readonly minutes: number
    readonly origin: string
    readonly tokens: ReadonlyArray<string>
  }
  | { readonly _tag: "Looked"; readonly left: Left }
  | { readonly _tag: "Done"; readonly left: Left; readonly tally: Tally }
  | { readonly _tag: "Start" }
  | { readonly _tag: "Calm" }
  | { readonly _tag: "Tell" }
  | Told

/** What a server has seen. */
export interface Told {
  readonly _tag: "Told"
  readonly counts: Readonly<Record<string, Counts>>
  readonly reused: number
  readonly granted: number
  readonly families: number
  readonly phase: string
}
