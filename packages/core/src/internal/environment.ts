/** What the renewals of one service have in common. */
import type * as Clock from "effect/Clock"
import type * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Redacted from "effect/Redacted"
import type { Escrow } from "../Escrow.ts"
import type * as Grant from "../Grant.ts"
import type { GrantEvent } from "../GrantEvent.ts"
import type * as GrantHistory from "../GrantHistory.ts"
import type { JwtVerifier } from "../JwtVerifier.ts"
import * as OAuthError from "../OAuthError.ts"
import type { TokenEndpoint } from "../TokenEndpoint.ts"
import type { TokenRequest } from "../TokenRequest.ts"
import type { Reading } from "../TokenStore.ts"
import type { Brake, Breaker } from "./breaker.ts"
import type { Custody } from "./custody.ts"
import type { Heartbeats } from "./heartbeats.ts"
import type { Limit } from "./limits.ts"
import * as Snapshot from "./snapshot.ts"
import * as Transaction from "./transaction.ts"

/** What renewals of one service have in common. */
export interface Environment {
  readonly custody: Custody
  readonly endpoint: TokenEndpoint["Service"]
  readonly escrow: Escrow["Service"] | undefined
  readonly verifier: JwtVerifier["Service"] | undefined
  readonly clock: Clock.Clock
  /** A limit of so many milliseconds. */
  readonly limit: (millis: number) => Limit
  readonly rules: Transaction.Rules
  readonly origin: string
  readonly revocation: "grant" | "token"
  readonly holder: string
  /** What this process notes of its writes. */
  readonly note: (what: GrantHistory.Happening, why?: string) => GrantHistory.Note
  readonly breaker: Breaker
  readonly brake: Brake
  readonly heartbeats: Heartbeats
  /** How the snapshots of this process live. */
  readonly trust: () => Snapshot.Trust
  /** A fresh id. */
  readonly id: Effect.Effect<string>
  readonly digest: (token: Redacted.Redacted) => Effect.Effect<string>
  /** The request that presents a refresh token. */
  readonly request: (
    grant: Grant.Grant,
    refreshToken: Redacted.Redacted,
    need: Transaction.Need
  ) => TokenRequest
  /** Tries to end a pair at the server that no record will ever hold. */
  readonly discard: (refreshToken: Redacted.Redacted, kept: Grant.Open["kept"]) => Effect.Effect<void>
  readonly emit: (event: GrantEvent) => void
  /** Runs an effect in the service's scope, whoever asked for it. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** Completed when the service closes. */
  readonly closing: Deferred.Deferred<void>
}

/** The store's clock, estimated. */
export const storeNow = (env: Environment, snapshot: Snapshot.Snapshot): number =>
  env.clock.currentTimeMillisUnsafe() + snapshot.offset

/** Takes note of what the store said of a grant. */
export const observe = (env: Environment, snapshot: Snapshot.Snapshot, reading: Reading): void =>
  Snapshot.observe(snapshot, reading, env.clock.currentTimeMillisUnsafe(), env.trust())

/**
 * Takes note of what the store said though nobody renews: a pair that only this process has is not forgotten for a record
 * that does not know it, unless that ends the grant.
 */
export const hear = (env: Environment, snapshot: Snapshot.Snapshot, reading: Reading): void => {
  const { grant } = reading
  const isEnded = grant !== undefined && Transaction.isEnded(grant.state)
  if (snapshot.unsaved !== undefined && snapshot.grant?.lineage === grant?.lineage && !isEnded) return
  observe(env, snapshot, reading)
}

/** Why nothing is presented while the newest pair is only here. */
export const notSaved = new OAuthError.StoreUnavailable({ store: "TokenStore", problem: "unsaved" })

/** Fails as `TokenService` does. */
export const fail = (reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("TokenService", "token", reason))
