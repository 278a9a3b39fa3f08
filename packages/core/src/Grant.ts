/**
 * The record of a grant: a plain head, which stores may index and everyone may
 * look at, and a body with the tokens, which can be sealed.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type * as Types from "effect/Types"
import * as GrantHistory from "./GrantHistory.ts"
import type * as GrantSchema from "./GrantSchema.ts"

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

/**
 * The state of a grant. A key without a record is absent.
 *
 * @category models
 * @since 0.1.0
 */
export type State = typeof GrantSchema.State.Type

/**
 * Someone holds the claim.
 *
 * @category models
 * @since 0.1.0
 */
export type Renewing = typeof GrantSchema.Renewing.Type

/**
 * The refresh token was presented and the outcome is not known.
 *
 * @category models
 * @since 0.1.0
 */
export type Indeterminate = typeof GrantSchema.Indeterminate.Type

/**
 * The grant must be authorized again.
 *
 * @category models
 * @since 0.1.0
 */
export type ReauthorizationRequired = typeof GrantSchema.ReauthorizationRequired.Type

/**
 * One access token of a grant.
 *
 * @category models
 * @since 0.1.0
 */
export type AccessToken = typeof GrantSchema.AccessToken.Type

/**
 * An open body.
 *
 * @category models
 * @since 0.1.0
 */
export type Open = typeof GrantSchema.Open.Type

/**
 * A body, open or sealed.
 *
 * @category models
 * @since 0.1.0
 */
export type Body = typeof GrantSchema.Body.Type

/**
 * The record of a grant as it stands in a store.
 *
 * @category models
 * @since 0.1.0
 */
export type Grant = typeof GrantSchema.Grant.Type

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
  const grant: Types.Mutable<Grant> = { ...rest, version: options.version, changedAt: options.now }
  if (dueIn !== undefined) grant.dueAt = options.now + dueIn
  if (retryIn !== undefined) grant.retryAt = options.now + retryIn
  if (leaseFor !== undefined) grant.leaseUntil = options.now + leaseFor
  if (note !== undefined) grant.last = note
  return grant
}

/**
 * Whether the durations of a draft are finite. A store refuses one whose are not,
 * as most could not read it again.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isFinite = ({ dueIn = 0, leaseFor = 0, retryIn = 0 }: Draft): boolean =>
  Number.isFinite(dueIn + leaseFor + retryIn)

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
