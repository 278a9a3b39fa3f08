/**
 * Schemas of a grant's record, and of its parts: what a store writes and reads.
 *
 * What handles records and leaves their JSON form to a store imports `Grant`,
 * and pays for no schema.
 *
 * It is long because the format of a record is read as a whole.
 *
 * @since 0.1.0
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AuthorizationDetails } from "./AuthorizationDetails.ts"
import * as GrantKey from "./GrantKey.ts"
import type { Scopes } from "./Scopes.ts"

// Instants are epoch milliseconds of the store's clock, durations are milliseconds.
const Millis = Schema.Finite
const Digest = Schema.String

// members that a later version has added within the format: they stay where they are
const added = [Schema.Record(Schema.String, Schema.Unknown)] as const

/**
 * Schema of a key by its canonical encoding.
 *
 * @category schemas
 * @since 0.1.0
 */
export const KeyId: Schema.String = Schema.String.check(
  Schema.makeFilter((id) => GrantKey.fromId(id) !== undefined, { expected: "the canonical encoding of a grant key" })
)

/**
 * Schema of what a writer says of its write: what happened, which process did
 * it, and why. No secret is ever in it, and nothing that a server said.
 *
 * **Details**
 *
 * A newer version may note what this one does not know, so any word is read.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Note = Schema.Struct({
  what: Schema.String,
  by: Schema.String,
  why: Schema.optionalKey(Schema.String)
})

/**
 * Schema of what is kept of an identity with its grant, so that a renewal can be
 * compared with the login.
 *
 * @category schemas
 * @since 0.1.0
 */
export const KeptIdentity = Schema.Struct({
  issuer: Schema.String,
  subject: Schema.String,
  audience: Schema.Array(Schema.String),
  /** Seconds since the epoch, by the server's clock. */
  issuedAt: Schema.Finite,
  /** When the person signed in, in seconds since the epoch. */
  authenticatedAt: Schema.optionalKey(Schema.Finite),
  nonce: Schema.optionalKey(Schema.String)
})

/**
 * The grant gives tokens. `failures` counts renewals that failed since the last
 * one that did not.
 *
 * @category schemas
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
 * @category schemas
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
 * @category schemas
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
 * @category schemas
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
 * @category schemas
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
  /** From when the server wants it renewed. Absent: the server did not say. */
  refreshAt: Schema.optionalKey(Millis),
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
  /** What the login asked for in detail (RFC 9396), where it did. */
  authorizationDetails: Schema.optionalKey(Details),
  /** Where the login's tokens are to be used (RFC 8707), where it said so. */
  resources: Schema.optionalKey(Schema.Array(Schema.String)),
  /** The server's name for the person, where it is known. */
  subject: Schema.optionalKey(Schema.String),
  /** Who the login was about, where its ID token was verified. */
  identity: Schema.optionalKey(KeptIdentity),
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

const plainMembers = Schema.Struct({
  format: Schema.Int,
  /** The canonical id of the grant's key. */
  key: KeyId,
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
  last: Schema.optionalKey(Note)
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
 * Schema of an escrowed write, to and from JSON. The tokens are in clear unless
 * the body is sealed.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Escrowed = Schema.Struct({
  /** The version that the write expects: the claim under which the pair was got. */
  expected: Schema.String,
  /** The claim itself, by which a record is known that says no more of it than that its outcome is not known. */
  claim: Schema.optionalKey(Renewing),
  /** The version of the record that was claimed: where it stands again, the store went back in time. */
  claimed: Schema.optionalKey(Schema.String),
  /** The record to write, its instants as they were when it was made. */
  grant: Grant
})

/**
 * Decodes a record from its JSON form.
 *
 * @category schemas
 * @since 0.1.0
 */
export const decode: (input: unknown) => Result.Result<typeof Grant.Type, unknown> = Schema.decodeUnknownResult(Grant)

/**
 * Encodes a record to its JSON form, tokens in clear unless the body is sealed.
 * What is no record fails: a number that is not finite, say, which JSON cannot
 * say.
 *
 * @category schemas
 * @since 0.1.0
 */
export const encode: (grant: typeof Grant.Type) => Result.Result<typeof Grant.Encoded, unknown> = Schema.encodeResult(
  Grant
)
