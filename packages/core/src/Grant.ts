/**
 * The record of a grant: a plain head, which stores may index and everyone may
 * look at, and a body with the tokens, which can be sealed.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AuthorizationDetails } from "./AuthorizationDetails.ts"
import * as GrantHistory from "./GrantHistory.ts"
import * as GrantKey from "./GrantKey.ts"
import * as Identity from "./Identity.ts"
import type { Scopes } from "./Scopes.ts"

/**
 * The format that this version of the library writes. A process that meets a
 * newer one serves what it can read and never writes.
 *
 * **Details**
 *
 * A member that older versions may pass over needs no new format: whoever does
 * not know it keeps it where it was. A new format is for what an older version
 * would undo.
 *
 * @category models
 * @since 0.1.0
 */
export const format = 1

// Instants are epoch milliseconds of the store's clock, durations are milliseconds.
const Millis = Schema.Finite
const Digest = Schema.String

// members that a later version has added within the format: they stay where they are
const added = [Schema.Record(Schema.String, Schema.Unknown)] as const

/**
 * The grant gives tokens. `failures` counts renewals that failed since the last
 * one that did not.
 *
 * @category models
 * @since 0.1.0
 */
export const Active = Schema.TaggedStruct("Active", { failures: Schema.Int })

/**
 * Someone holds the claim. The record is at once the lock (one writer wins), the
 * fence (later writes carry the version) and the write-ahead journal ("this
 * token was presented and nobody has acknowledged it").
 *
 * **Details**
 *
 * `presented` is the digest of the refresh token that the holder presents,
 * `startedAt` when this token was first presented, `settle` how long a claim
 * whose lease ran out must have stood unchanged before anyone else presents the
 * token, `attempt` how many claims have presented it, this one included.
 *
 * @category models
 * @since 0.1.0
 */
export const Renewing = Schema.TaggedStruct("Renewing", {
  holder: Schema.String,
  presented: Digest,
  startedAt: Millis,
  settle: Millis,
  attempt: Schema.Int,
  /** As in `Active`. */
  failures: Schema.optionalKey(Schema.Int)
})

/**
 * The refresh token was presented and the outcome is not known. It is presented
 * again when `retryAt` has passed; only tokens or the server's own refusal end
 * this state.
 *
 * @category models
 * @since 0.1.0
 */
export const Indeterminate = Schema.TaggedStruct("Indeterminate", {
  presented: Digest,
  since: Millis,
  attempt: Schema.Int,
  /** As in `Active`. */
  failures: Schema.optionalKey(Schema.Int)
})

/**
 * The grant must be authorized again. The tokens stay in the body.
 *
 * @category models
 * @since 0.1.0
 */
export const ReauthorizationRequired = Schema.TaggedStruct("ReauthorizationRequired", {
  why: Schema.Literals([
    "GrantRejected",
    "RotationLost",
    "IdentityMismatch",
    "NoRefreshToken",
    "RefreshTokenSpent",
    "RefreshTokenExpired",
    "Ended"
  ]),
  at: Millis,
  presented: Schema.optionalKey(Digest),
  /** What the server said, cleaned. */
  description: Schema.optionalKey(Schema.String)
})

/**
 * Revoked here. `remote` tells whether the server knows.
 *
 * @category models
 * @since 0.1.0
 */
export const Revoked = Schema.TaggedStruct("Revoked", {
  at: Millis,
  remote: Schema.Literals(["done", "pending", "unsupported"])
})

const states = Schema.Union([Active, Renewing, Indeterminate, ReauthorizationRequired, Revoked])

/**
 * Schema of the states of a grant.
 *
 * @category schemas
 * @since 0.1.0
 */
export const State: Schema.Codec<typeof states.Type, typeof states.Encoded> = Schema.Union([
  Schema.StructWithRest(Active, added),
  Schema.StructWithRest(Renewing, added),
  Schema.StructWithRest(Indeterminate, added),
  Schema.StructWithRest(ReauthorizationRequired, added),
  Schema.StructWithRest(Revoked, added)
])

/**
 * The state of a grant. A key without a record is absent.
 *
 * @category models
 * @since 0.1.0
 */
export type State = typeof State.Type

const Secret = Schema.RedactedFromValue(Schema.String)
const Details = Schema.RedactedFromValue(AuthorizationDetails)
const ScopeList: Schema.Codec<Scopes> = Schema.Array(Schema.String)

const accessTokenMembers = Schema.Struct({
  /** The target's id, `""` where the grant serves one target. */
  target: Schema.String,
  value: Secret,
  type: Schema.String,
  /** When the request that gave it was sent. */
  issuedAt: Millis,
  /** Absent: the server did not say. */
  expiresAt: Schema.optionalKey(Millis),
  scopes: Schema.optionalKey(ScopeList),
  /** What was granted in detail (RFC 9396, section 7), as the server last said of this target. */
  authorizationDetails: Schema.optionalKey(Details),
  /** What the token is bound to: a DPoP key (RFC 9449, section 6), or a certificate (RFC 8705, section 3). */
  thumbprint: Schema.optionalKey(Schema.String)
})

/**
 * Schema of one access token of a grant: the token for one target.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AccessToken: Schema.Codec<typeof accessTokenMembers.Type, typeof accessTokenMembers.Encoded> = Schema
  .StructWithRest(accessTokenMembers, added)

/**
 * One access token of a grant.
 *
 * @category models
 * @since 0.1.0
 */
export type AccessToken = typeof AccessToken.Type

const openMembers = Schema.TaggedStruct("Open", {
  accessTokens: Schema.Array(AccessToken),
  refreshToken: Schema.optionalKey(Secret),
  refreshTokenExpiresAt: Schema.optionalKey(Millis),
  /** The refresh token came with an earlier answer than the newest access token, so it may be spent. */
  refreshTokenKept: Schema.optionalKey(Schema.Boolean),
  /** A refresh token from an answer that failed a check: kept, and given to nobody. */
  quarantined: Schema.optionalKey(Schema.Struct({ refreshToken: Secret, problem: Schema.String })),
  /** What the login asked for. */
  scopes: Schema.optionalKey(ScopeList),
  /** Where the login's tokens are to be used (RFC 8707), where it said so. */
  resources: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the login asked for in detail (RFC 9396), where it did. */
  authorizationDetails: Schema.optionalKey(Details),
  /** The server's name for the person, where it is known. */
  subject: Schema.optionalKey(Schema.String),
  /** Who the login was about, where its ID token was verified. */
  identity: Schema.optionalKey(Identity.Kept),
  /** Members of the server's answers that the dialect asks to keep. */
  kept: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
  /** What the refresh token is bound to, where it is a public client's (RFC 9449, section 5; RFC 8705, section 4). */
  thumbprint: Schema.optionalKey(Schema.String)
})

/**
 * Schema of an open body: one refresh token, and an access token for each target.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Open: Schema.Codec<typeof openMembers.Type, typeof openMembers.Encoded> = Schema
  .StructWithRest(openMembers, added)

/**
 * An open body.
 *
 * @category models
 * @since 0.1.0
 */
export type Open = typeof Open.Type

/**
 * Schema of a sealed body: what `EncryptedTokenStore` hands to the store below it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Sealed = Schema.TaggedStruct("Sealed", { keyId: Schema.String, ciphertext: Schema.String })

/**
 * Schema of a body, open or sealed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Body = Schema.Union([Open, Sealed])

/**
 * A body, open or sealed.
 *
 * @category models
 * @since 0.1.0
 */
export type Body = typeof Body.Type

const plainMembers = Schema.Struct({
  format: Schema.Int,
  /** The canonical id of the grant's key. */
  key: GrantKey.Id,
  state: State,
  /** Fresh with every write: after an unanswered write the record tells whose it is. */
  writeId: Schema.String,
  /** Fresh with every login. */
  lineage: Schema.String,
  /** Counts the pairs of the lineage. */
  serial: Schema.Int,
  /** When the login was. */
  authorizedAt: Schema.optionalKey(Millis),
  /** The installation that may renew this grant. */
  installation: Schema.String,
  /** When somebody was last known to use it: as of its last renewal, and no finer. Absent: not since its login. */
  usedAt: Schema.optionalKey(Millis),
  /** What the write was, where its writer said so. */
  last: Schema.optionalKey(GrantHistory.Note)
})

/**
 * Schema of what a head has before a store adds its version and instants.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Plain: Schema.Codec<typeof plainMembers.Type, typeof plainMembers.Encoded> = Schema
  .StructWithRest(plainMembers, added)

const headMembers = Schema.Struct({
  ...plainMembers.fields,
  /** Assigned by the store; never comes twice for a key, also after a removal. */
  version: Schema.String,
  /**
   * When the grant is to be renewed though nobody asks: before its access token
   * ends where it was used lately, else before its refresh token dies. Absent
   * where neither is known, or worth it.
   */
  dueAt: Schema.optionalKey(Millis),
  /** Nobody presents the refresh token before this. */
  retryAt: Schema.optionalKey(Millis),
  /** Until when the holder of the claim has it to itself. */
  leaseUntil: Schema.optionalKey(Millis),
  /** When it was written. */
  changedAt: Schema.optionalKey(Millis)
})

/**
 * Schema of a record without its body.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Head: Schema.Codec<typeof headMembers.Type, typeof headMembers.Encoded> = Schema
  .StructWithRest(headMembers, added)

const members = Schema.Struct({ ...headMembers.fields, body: Body })

/**
 * Schema of a record, to and from JSON.
 *
 * **Gotchas**
 *
 * The JSON form holds the tokens in clear unless the body is sealed: it is what
 * a store writes, and must go nowhere else.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Grant: Schema.Codec<typeof members.Type, typeof members.Encoded> = Schema.StructWithRest(members, added)

/**
 * The record of a grant as it stands in a store.
 *
 * @category models
 * @since 0.1.0
 */
export type Grant = typeof Grant.Type

/**
 * A record as a writer proposes it: without version, and with durations where
 * the store computes instants by its own clock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Draft extends Omit<Grant, "version" | "dueAt" | "retryAt" | "leaseUntil" | "changedAt" | "last"> {
  /** Milliseconds from the store's now. */
  readonly dueIn?: number | undefined
  /** Milliseconds from the store's now. */
  readonly retryIn?: number | undefined
  /** Milliseconds from the store's now. */
  readonly leaseFor?: number | undefined
  /** What this write is, for the grant's history. */
  readonly note?: GrantHistory.Note | undefined
}

/**
 * The record that stands when a store accepts a draft at `now` as `version`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const stand = (draft: Draft, options: { readonly version: string; readonly now: number }): Grant => {
  const { dueIn, leaseFor, note, retryIn, ...rest } = draft
  return {
    ...rest,
    version: options.version,
    changedAt: options.now,
    ...(dueIn === undefined ? {} : { dueAt: options.now + dueIn }),
    ...(retryIn === undefined ? {} : { retryAt: options.now + retryIn }),
    ...(leaseFor === undefined ? {} : { leaseUntil: options.now + leaseFor }),
    ...(note === undefined ? {} : { last: note })
  }
}

/**
 * The draft that proposes a record again, as it stands at `now`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const draft = (self: Grant, options: { readonly now: number; readonly writeId: string }): Draft => {
  const { changedAt: _, dueAt, last, leaseUntil: __, retryAt, version: ___, ...rest } = self
  return {
    ...rest,
    ...(last === undefined ? {} : { note: last }),
    writeId: options.writeId,
    ...(dueAt === undefined ? {} : { dueIn: Math.max(0, dueAt - options.now) }),
    ...(retryAt === undefined ? {} : { retryIn: Math.max(0, retryAt - options.now) })
  }
}

/**
 * The lines of a grant's history, the newest first, with what the write of this
 * record was.
 *
 * @category combinators
 * @since 0.1.0
 */
export const appendHistory = (
  lines: ReadonlyArray<string> = [],
  { changedAt, last, serial }: Grant
): ReadonlyArray<string> =>
  last === undefined ? lines : GrantHistory.append(lines, GrantHistory.toLine(last, { serial, at: changedAt ?? 0 }))

/**
 * Decodes a record from its JSON form.
 *
 * @category schemas
 * @since 0.1.0
 */
export const decode: (input: unknown) => Result.Result<Grant, unknown> = Schema.decodeUnknownResult(Grant)

/**
 * Encodes a record to its JSON form, tokens in clear unless the body is sealed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const encode = Schema.encodeSync(Grant)

/**
 * The access token for a target, where the body is open and has one.
 *
 * @category getters
 * @since 0.1.0
 */
export const accessToken = (self: Grant, target: string): AccessToken | undefined =>
  self.body._tag === "Open" ? self.body.accessTokens.find((token) => token.target === target) : undefined

/**
 * The refresh token, where the body is open and has one.
 *
 * @category getters
 * @since 0.1.0
 */
export const refreshToken = (self: Grant): Redacted.Redacted | undefined =>
  self.body._tag === "Open" ? self.body.refreshToken : undefined
