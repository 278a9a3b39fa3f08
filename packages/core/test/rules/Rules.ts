/**
 * The rules of the refresh protocol, each with how it is taken out and what
 * turns red without it. A rule that nothing misses goes.
 */
import type { Server } from "../model/AsBuilt.ts"
import type * as State from "../model/State.ts"
import type * as Faults from "../simulation/Faults.ts"

/** A change of the library's source that takes a rule out. */
export interface Cut {
  /** Below `packages/core/src/internal`. */
  readonly file: string
  /** What must stand there exactly once. */
  readonly from: string
  readonly to: string
}

/** What turns red. */
export type Witness =
  /** A search of the model, in which the library decides, finds this. */
  | {
    readonly by: "model"
    readonly server: Server
    readonly faults: ReadonlyArray<State.Fault>
    readonly processes?: number
    readonly shows: State.Verdict
  }
  /** One of the first `seeds` simulations about this breaks an invariant of this name. */
  | {
    readonly by: "simulation"
    readonly focus: Faults.Name | "nothing"
    readonly rotation: Faults.Rotation
    readonly seeds: number
    readonly breaks: string
  }

export interface Rule {
  readonly name: string
  readonly says: string
  readonly cut: Cut
  readonly witness: Witness
}

const model = (
  server: Server,
  faults: ReadonlyArray<State.Fault>,
  shows: State.Verdict,
  processes = 2
): Witness => ({ by: "model", server, faults, shows, processes })

const simulation = (
  focus: Faults.Name | "nothing",
  rotation: Faults.Rotation,
  breaks: string,
  seeds = 60
): Witness => ({ by: "simulation", focus, rotation, breaks, seeds })

/** All of them. */
export const rules: ReadonlyArray<Rule> = [
  {
    name: "one-renewal",
    says: "one fiber per grant renews, and everyone waits for it (step 3)",
    cut: {
      file: "access.ts",
      from: "const underWay = ({ flight }: Snapshot.Snapshot): Snapshot.Flight | undefined => flight\n",
      to: "const underWay = () => undefined\n"
    },
    witness: simulation("nothing", "strict", "I")
  },
  {
    name: "retry-at",
    says: "nobody presents before `retryAt` (step 4)",
    cut: {
      file: "transaction.ts",
      from: "if (grant.retryAt !== undefined && grant.retryAt > now) {",
      to: "if (Boolean(0)) {"
    },
    witness: simulation("too many requests", "strict", "I6")
  },
  {
    name: "lease",
    says: "nothing is sent under a lease that ran out (step 6)",
    cut: {
      file: "claim.ts",
      from: "held.lease.overtaken || held.lease.left() < reserve",
      to: "Boolean(0)"
    },
    witness: simulation("very long pause", "strict", "I", 200)
  },
  {
    name: "heartbeats",
    says: "a holder moves its lease while it waits (step 6)",
    cut: {
      file: "heartbeats.ts",
      from: "if (!lease.moving &&",
      to: "if (Boolean(0) &&"
    },
    witness: simulation("slow", "window", "I1", 200)
  },
  {
    name: "saved-first",
    says: "the pair is committed, then the waiters are woken (step 7)",
    cut: {
      file: "commit.ts",
      from: "  Effect.matchEffect(commit(env, grant, written), {\n",
      to: "  Effect.matchEffect(Effect.andThen(Effect.sync(() => hold(env, snapshot, written.draft)), " +
        "commit(env, grant, written)), {\n"
    },
    witness: simulation("a commit hangs", "strict", "I3", 200)
  },
  {
    name: "quarantine",
    says: "the refresh token of an answer that fails a check is kept (step 7)",
    cut: {
      file: "transaction.ts",
      from: "if (judgement.refreshToken === undefined) return lost(judgement.reason)",
      to: "return lost(judgement.reason)"
    },
    witness: simulation("without access token", "strict", "I2")
  },
  {
    name: "window",
    says: "a token is presented again inside the window, counted from the first presentation (step 7)",
    cut: {
      file: "transaction.ts",
      from: "rotation.window === undefined ? 0 : Duration.toMillis(rotation.window.duration) * 0.9",
      to: "Number.POSITIVE_INFINITY"
    },
    witness: simulation("answer lost (silence)", "window", "I", 600)
  },
  {
    name: "unresolved",
    says: "what is not resolved stays unresolved (decision 3)",
    cut: {
      file: "transaction.ts",
      from: "(retry.lost === true || input.lost || claim.attempt > 1)",
      to: "retry.lost === true"
    },
    witness: model("strict", ["drop", "busy"], "misreported")
  },
  {
    name: "persist",
    says: "a pair that the store did not take is written again until it is (step 7)",
    cut: { file: "commit.ts", from: "  env.fork(persist(env, snapshot, need, grant, written))\n", to: "" },
    witness: simulation("a commit fails", "strict", "I")
  },
  {
    name: "unsaved",
    says: "while a pair is not saved nobody here presents the old token (step 7)",
    cut: {
      file: "renewal.ts",
      from: "if (snapshot.unsaved !== undefined) return yield* fail(snapshot.unsaved.error ?? notSaved)",
      to: ""
    },
    witness: simulation("long cut off", "strict", "I", 200)
  },
  {
    name: "patience",
    says: "a token without an answer rests for patience (step 7)",
    cut: {
      file: "transaction.ts",
      from: "retryIn: resting(Duration.sum(rules.patience, rules.policy.indeterminate(state.attempt)))",
      to: "retryIn: 0"
    },
    witness: model("strict", ["pause"], "lost")
  },
  {
    name: "settle",
    says: "a claim whose lease ran out stands unchanged for the settle time before another follows (step 8)",
    cut: {
      file: "transaction.ts",
      from: "if (!input.settled) return { _tag: \"Settle\", millis: state.settle }",
      to: ""
    },
    witness: model("idempotent", ["store", "window"], "lost")
  },
  {
    name: "settle-again",
    says: "what rested stands unchanged for the settle time before it is presented (step 8, decision 5)",
    cut: {
      file: "transaction.ts",
      from: "if (!isOpen && !input.settled) return",
      to: "if (Boolean(0)) return"
    },
    witness: model("strict", ["cut", "store"], "lost")
  },
  {
    name: "write-before-following",
    says: "whoever follows on a strict server has first written that it does: the store takes writes (decision 5)",
    cut: {
      file: "transaction.ts",
      from: "if (mayRepeat(rules.rotation, now - startedAt)) {\n        return { _tag: \"Claim\"",
      to: "if (Boolean(1)) {\n        return { _tag: \"Claim\""
    },
    witness: model("strict", ["read-only-long"], "lost")
  },
  {
    name: "fence",
    says: "whoever was overtaken never writes (steps 7, 9 and 10)",
    cut: {
      file: "custody.ts",
      from: "Effect.flatMap(write(expected, draft), (outcome) => {",
      to: "Effect.flatMap(Effect.flatMap(read(GrantKey.fromId(draft.key)!), ({ grant }) => " +
        "write(grant?.version ?? expected, draft)), (outcome) => {"
    },
    witness: simulation("revocation", "strict", "I8", 200)
  },
  {
    name: "own-write",
    says: "a write that was not answered is known by its id",
    cut: {
      file: "custody.ts",
      from: "outcome.accepted || outcome.grant?.writeId !== draft.writeId ? outcome : { ...outcome, accepted: true }",
      to: "outcome"
    },
    witness: simulation("a commit is applied and not answered", "strict", "I2")
  },
  {
    name: "never-sent",
    says: "a claim under which nothing was sent is known to its writer (decision 4)",
    cut: { file: "transaction.ts", from: "if (input.neverSent.has(grant.writeId) &&", to: "if (Boolean(0) &&" },
    witness: model("strict", ["hung", "withdraw"], "doubted", 1)
  },
  {
    name: "revoke-overtaken",
    says: "a pair that comes after a revocation is revoked too (step 10)",
    cut: { file: "commit.ts", from: "standing.state._tag === \"Revoked\" ||", to: "Boolean(0) ||" },
    witness: simulation("revocation", "strict", "I8", 300)
  },
  {
    name: "revoke-nothing-that-stands",
    says: "a token of a lineage that stands is never revoked (step 9)",
    cut: {
      file: "commit.ts",
      from: "standing !== undefined && (\n",
      to: "standing !== undefined && (true ||\n"
    },
    witness: simulation("very long pause", "window", "I8", 300)
  },
  {
    name: "escrow",
    says: "a pair that cannot be saved before the end goes into escrow (step 11)",
    cut: { file: "commit.ts", from: "if (unsaved === undefined) return\n", to: "return\n" },
    witness: simulation("closing", "strict", "I2", 300)
  },
  {
    name: "write-back",
    says: "a store that went back in time is given the newer pair again (step 11)",
    cut: {
      file: "renewal.ts",
      from: "if (known !== undefined && reading.grant !== undefined && goesBack(env, reading.grant, known)) {",
      to: "if (Boolean(0)) {"
    },
    witness: simulation("store goes back in time", "strict", "I", 100)
  },
  {
    name: "write-back-in-flight",
    says: "a commit is written over a record from before its claim, when the store went back in time meanwhile",
    cut: {
      file: "transaction.ts",
      from: "if (hasGoneBack(standing, { lineage: draft.lineage, serial }) ||",
      to: "if ("
    },
    witness: simulation("store goes back in time", "window", "I", 3_000)
  },
  {
    name: "remember",
    says: "what a store forgot while a claim was held is not forgotten by its holder (step 11)",
    cut: {
      file: "commit.ts",
      from: "outcome.grant !== undefined && Transaction.hasGoneBack(outcome.grant, grant)",
      to: "Boolean(0)"
    },
    witness: simulation("store goes back in time", "strict", "I1", 300)
  },
  {
    name: "save-over-indeterminate",
    says: "a pair is saved over a record that only says that the outcome of its claim is not known",
    cut: {
      file: "transaction.ts",
      from: "if (state._tag === \"Indeterminate\" && state.attempt === claim.attempt) return \"yields\"",
      to: ""
    },
    witness: model("strict", ["pause"], "lost")
  },
  {
    name: "save-over-repeat",
    says: "where a repeat brings the same pair, it is saved when whoever repeated has got no answer",
    cut: {
      file: "transaction.ts",
      from: "if (!isPair || window?.idempotent !== true ||",
      to: "if (Boolean(1) ||"
    },
    witness: model("idempotent", ["cut", "drop", "window"], "lost")
  },
  {
    name: "settled-repeat",
    says: "and not while what whoever repeated has sent may be under way",
    cut: {
      file: "transaction.ts",
      from: "(standing.leaseUntil ?? now) + state.settle > now ? \"open\"",
      to: "(standing.leaseUntil ?? now) > now ? \"open\""
    },
    witness: model("idempotent", ["cut", "cut", "window"], "lost")
  },
  {
    name: "late-claim",
    says: "nothing is presented again under a claim of a window that is over",
    cut: {
      file: "transaction.ts",
      from: "if (input.neverSent.has(grant.writeId) && !isLate) {",
      to: "if (input.neverSent.has(grant.writeId)) {"
    },
    witness: model("idempotent", ["cut", "hung", "window"], "lost")
  },
  {
    name: "kept-token",
    says: "of two pairs of one number the one that came with a refresh token is the newer (step 11)",
    cut: { file: "transaction.ts", from: "keeps(pair.body) === true && keeps(known.body) === false", to: "Boolean(0)" },
    witness: simulation("very long pause", "idempotent window", "I", 3_000)
  }
]
