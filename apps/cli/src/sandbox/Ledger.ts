/**
 * What was asked of the sandbox and what came of it: enough to check a client's
 * behaviour, and no secret. Tokens appear as digests.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** The faces that the sandbox shows. */
export const Dress = Schema.Literals(["ims", "legacy", "camera", "oidc", "api"])

/** A face that the sandbox shows. */
export type Dress = typeof Dress.Type

/** What a request is for. */
export const Endpoint = Schema.Literals([
  "authorization",
  "token",
  "revocation",
  "introspection",
  "userinfo",
  "device-authorization",
  "metadata",
  "page",
  "api"
])

/** What a request is for. */
export type Endpoint = typeof Endpoint.Type

/** What a request is, as far as its parameters tell before it is looked at. */
export const Subject = Schema.Struct({
  dress: Dress,
  endpoint: Endpoint,
  grantType: Schema.optionalKey(Schema.String),
  client: Schema.optionalKey(Schema.String),
  /** The digest of the refresh token, code or access token that was presented. */
  presented: Schema.optionalKey(Schema.String)
})

/** What a request is, as far as its parameters tell before it is looked at. */
export type Subject = typeof Subject.Type

/** What was done with a request. */
export const Deed = Schema.Struct({
  /**
   * `succeeded` and `refused` are the server's word; `failed` is a 5xx answer;
   * `unprocessed` was dropped before the server looked at it.
   */
  outcome: Schema.Literals(["succeeded", "refused", "failed", "unprocessed"]),
  /** The status of the answer, sent or not. */
  status: Schema.optionalKey(Schema.Int),
  /** The OAuth error code that was answered. */
  error: Schema.optionalKey(Schema.String),
  /** Why, in the provider's own words. */
  detail: Schema.optionalKey(Schema.String),
  /** Whether the answer was sent. */
  delivered: Schema.Boolean,
  /** Whether a refresh token was spent and replaced. */
  rotated: Schema.Boolean,
  /** Whether a spent refresh token was presented outside the replay window. */
  reuse: Schema.Boolean,
  /** Whether an earlier answer was given again. */
  replayed: Schema.Boolean,
  /** Whether the grant was ended by this request. */
  grantEnded: Schema.Boolean
})

/** What was done with a request. */
export type Deed = typeof Deed.Type

/** A line of the ledger. */
export const Entry = Schema.Struct({
  ...Subject.fields,
  ...Deed.fields,
  serial: Schema.Int,
  /** Epoch milliseconds. */
  at: Schema.Int
})

/** A line of the ledger. */
export type Entry = typeof Entry.Type

/** How often what happened, since the start. */
export const Counts = Schema.Struct({
  /** Refresh requests that reached the token endpoint, whatever came of them. */
  refreshes: Schema.Int,
  rotations: Schema.Int,
  replays: Schema.Int,
  reuses: Schema.Int,
  /** Requests to a token endpoint that were refused. */
  refusals: Schema.Int,
  /** Requests that were dropped unprocessed. */
  unprocessed: Schema.Int,
  /** Answers that were not sent. */
  undelivered: Schema.Int,
  revocations: Schema.Int,
  calls: Schema.Int,
  callsRefused: Schema.Int
})

/** How often what happened, since the start. */
export type Counts = typeof Counts.Type

/** The ledger. */
export interface Ledger {
  readonly record: (subject: Subject, deed: Deed) => Effect.Effect<void>
  /** The latest lines, oldest first; at most {@link capacity}. */
  readonly entries: Effect.Effect<ReadonlyArray<Entry>>
  readonly counts: Effect.Effect<Counts>
  /** Lines as they are written, from the subscription on. */
  readonly changes: Stream.Stream<Entry>
}

/** How many lines are kept. The counts count all. */
export const capacity = 20_000

/** Makes an empty ledger. */
export const make: Effect.Effect<Ledger> = Effect.gen(function*() {
  const pubsub = yield* PubSub.unbounded<Entry>()
  const counts = { ...none }
  let entries: Array<Entry> = []
  let serial = 0
  return {
    record: Effect.fnUntraced(function*(subject, deed) {
      const entry: Entry = { ...subject, ...deed, serial: ++serial, at: yield* Clock.currentTimeMillis }
      if (entries.length >= 2 * capacity) entries = entries.slice(-capacity)
      entries.push(entry)
      for (const name of counted(entry)) counts[name]++
      yield* PubSub.publish(pubsub, entry)
    }),
    entries: Effect.sync(() => entries.slice(-capacity)),
    counts: Effect.sync(() => ({ ...counts })),
    changes: Stream.fromPubSub(pubsub)
  }
})

const none: { -readonly [K in keyof Counts]: number } = {
  refreshes: 0,
  rotations: 0,
  replays: 0,
  reuses: 0,
  refusals: 0,
  unprocessed: 0,
  undelivered: 0,
  revocations: 0,
  calls: 0,
  callsRefused: 0
}

const counted = (entry: Entry): ReadonlyArray<keyof Counts> => {
  const names: Array<keyof Counts> = []
  if (entry.grantType === "refresh_token") names.push("refreshes")
  if (entry.rotated) names.push("rotations")
  if (entry.replayed) names.push("replays")
  if (entry.reuse) names.push("reuses")
  if (entry.endpoint === "token" && entry.outcome === "refused") names.push("refusals")
  if (entry.outcome === "unprocessed") names.push("unprocessed")
  if (entry.outcome !== "unprocessed" && !entry.delivered) names.push("undelivered")
  if (entry.endpoint === "revocation" && entry.outcome === "succeeded") names.push("revocations")
  if (entry.endpoint === "api") names.push("calls")
  if (entry.endpoint === "api" && entry.outcome === "refused") names.push("callsRefused")
  return names
}
