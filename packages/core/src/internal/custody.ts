/**
 * Calls to the store that know how it fails: bounded in time, never a defect,
 * and a write that was not answered is looked up by its write id.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type * as Grant from "../Grant.ts"
import * as GrantKey from "../GrantKey.ts"
import * as OAuthError from "../OAuthError.ts"
import type { Outcome, Reading, TokenStore } from "../TokenStore.ts"
import * as Transaction from "./transaction.ts"
import { withinDetached } from "./within.ts"

/** The store, as the transaction uses it. */
export interface Custody {
  readonly read: (key: GrantKey.GrantKey) => Effect.Effect<Reading, OAuthError.OAuthError>
  /**
   * Writes once. `accepted` is also true when the record that stands is this
   * very write; a failure means that it is not known whether it took effect.
   */
  readonly write: (
    expected: string | undefined,
    draft: Grant.Draft
  ) => Effect.Effect<Outcome, OAuthError.OAuthError>
  /**
   * Writes what ended a claim, also over what yields to it, and over the very record that was claimed, by its version: to
   * that a store goes back in time, and nobody else. A failure also means that another is presenting the same token.
   */
  readonly conclude: (
    expected: string,
    claim: Grant.Renewing | undefined,
    draft: Grant.Draft,
    claimed?: string
  ) => Effect.Effect<Outcome, OAuthError.OAuthError>
  readonly extend: TokenStore["Service"]["extend"]
  readonly remove: TokenStore["Service"]["remove"]
  readonly setAside: TokenStore["Service"]["setAside"]
}

/** Makes it. */
export const make = (
  store: TokenStore["Service"],
  rules: Pick<Transaction.Rules, "patience" | "policy" | "rotation">,
  /** Told of each call before it is made. */
  asking: (key: string) => void
): Custody => {
  const limit = Duration.toMillis(rules.policy.storeTimeLimit)
  const failed = Exit.fail(unavailable(store.name, "defect"))
  const late = Exit.fail(unavailable(store.name, "timeout"))
  const guarded = <A, B>(
    key: string,
    call: () => Effect.Effect<A, OAuthError.OAuthError>,
    then: (exit: Exit.Exit<A, OAuthError.OAuthError>) => Effect.Effect<B, OAuthError.OAuthError>
  ): Effect.Effect<B, OAuthError.OAuthError> =>
    // in a fiber of its own, so that a call which cannot be interrupted holds up nobody when its time is over
    withinDetached(
      Effect.suspend(() => {
        asking(key)
        return call()
      }),
      limit,
      () => then(late),
      // what ends a call from within is the store's doing, an interruption too
      (exit) => then(Exit.hasDies(exit) || Exit.hasInterrupts(exit) ? failed : exit)
    )

  const read: Custody["read"] = (key) => guarded(key.id, () => store.read(key), identity)

  const write: Custody["write"] = (expected, draft) => {
    const lookUp = (error: OAuthError.OAuthError): Effect.Effect<Outcome, OAuthError.OAuthError> => {
      const key = GrantKey.fromId(draft.key)
      if (key === undefined || !error.isTransient) return Effect.fail(error)
      return Effect.flatMap(read(key), (reading): Effect.Effect<Outcome, OAuthError.OAuthError> =>
        // while the expected version stands, the write may still arrive
        reading.grant?.version === expected
          ? Effect.fail(error)
          : Effect.succeed(recognised({ ...reading, accepted: false }, draft)))
    }
    return guarded(
      draft.key,
      () => store.write(expected, draft),
      (exit) =>
        Exit.isSuccess(exit)
          ? Exit.succeed(recognised(exit.value, draft))
          : Effect.catch(exit, lookUp)
    )
  }

  const conclude: Custody["conclude"] = (expected, claim, draft, claimed) =>
    Effect.flatMap(write(expected, draft), (outcome) => {
      const { accepted, grant, now } = outcome
      if (accepted || grant === undefined || claim === undefined || grant.version === expected) {
        return Effect.succeed(outcome)
      }
      const contest = grant.version === claimed
        ? "yields"
        : Transaction.contest(grant, claim, draft, now, rules)
      // it may have moved once more meanwhile
      if (contest === "yields") return conclude(grant.version, claim, draft, claimed)
      return contest === "open" ? Effect.fail(heldElsewhere) : Effect.succeed(outcome)
    })

  return {
    read,
    write,
    conclude,
    extend: (key, options) => guarded(key.id, () => store.extend(key, options), identity),
    remove: (key, version) => guarded(key.id, () => store.remove(key, version), identity),
    setAside: (key, version) => guarded(key.id, () => store.setAside(key, version), identity)
  }
}

const recognised = (outcome: Outcome, draft: Grant.Draft): Outcome =>
  outcome.accepted || outcome.grant?.writeId !== draft.writeId ? outcome : { ...outcome, accepted: true }

const heldElsewhere = OAuthError.make("TokenStore", "write", new OAuthError.RenewalPending({ why: "held-elsewhere" }))

const unavailable = (store: string, problem: string): OAuthError.OAuthError =>
  OAuthError.make("TokenStore", "call", new OAuthError.StoreUnavailable({ store, problem }))
