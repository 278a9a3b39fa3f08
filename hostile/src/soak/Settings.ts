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

/** How long a replaced refresh token is answered with its successor, in milliseconds. */
export const window = 120_000

/** How many grants there are. */
export const grants = 64

/** The refresh policy, scaled down to tokens that live a second. */
export const policy: RefreshPolicy.Options = {
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

/** What the process of the server and that of the clients tell each other. */
export type Message =
  | { readonly _tag: "Listening"; readonly port: number }
  | { readonly _tag: "Issue"; readonly grants: number }
  | { readonly _tag: "Issued"; readonly tokens: ReadonlyArray<string> }
  | { readonly _tag: "Start" }
  | { readonly _tag: "Calm" }
  | { readonly _tag: "Tell" }
  | {
    readonly _tag: "Told"
    readonly counts: Readonly<Record<string, Counts>>
    readonly reused: number
    readonly granted: number
    readonly families: number
    readonly phase: string
  }
