/**
 * Records as they are held in memory by the thousand: flat, and what is the same
 * in many of them is held once. What is read of them is the record as it was
 * written, made anew.
 */
import type * as Redacted from "effect/Redacted"
import type * as Types from "effect/Types"
import type * as Grant from "../Grant.ts"

/** A record as it is held. One that is in no usual state is held as it is. */
export type Held = Flat | Grant.Grant

/** A grant that gives tokens and does not rest, and has one access token: nearly every record. */
interface Flat extends Pick<Grant.Grant, "lineage" | "serial" | "writeId"> {
  /** The number that it is, where it is one. */
  readonly version: number | string
  readonly changedAt: number
  /** Milliseconds from when it was written. */
  readonly due: number | undefined
  readonly authorized: number | undefined
  readonly used: number | undefined
  readonly issued: number | undefined
  readonly expires: number | undefined
  readonly refreshToken: Redacted.Redacted | undefined
  readonly value: Redacted.Redacted
  /** What else is in its head, its body and its access token. */
  readonly head: Omit<Grant.Grant, "authorizedAt" | "body" | "dueAt" | "key" | "usedAt" | keyof Flat>
  readonly rest: Omit<Grant.Open, "accessTokens" | keyof Flat>
  readonly token: Omit<Grant.AccessToken, "expiresAt" | "issuedAt" | keyof Flat>
}

/** Records by their keys. */
export class Records {
  private readonly held = new Map<string, Held>()
  private readonly hold = make()

  /** As it is held: to look at what is in its head. */
  peek(key: string): Held | undefined {
    return this.held.get(key)
  }

  get(key: string): Grant.Grant | undefined {
    const held = this.held.get(key)
    if (held === undefined) return undefined
    const grant = toGrant(held, key)
    if (isFlat(held)) flat.set(grant, held)
    return grant
  }

  set(grant: Grant.Grant): void {
    this.held.set(grant.key, this.hold(grant))
  }

  delete(key: string): void {
    this.held.delete(key)
  }

  *values(): Iterable<Grant.Grant> {
    for (const [key, held] of this.held) yield toGrant(held, key)
  }

  /** Those that are due before an instant. */
  *due(before: number): Iterable<Grant.Grant> {
    for (const [key, held] of this.held) if ((dueAt(held) ?? before) < before) yield toGrant(held, key)
  }
}

/** Makes what takes records to be held. */
export const make = (): (grant: Grant.Grant) => Held => {
  const heads = once<Flat["head"]>()
  const rests = once<Flat["rest"]>()
  const tokens = once<Flat["token"]>()
  return (grant) => {
    const { authorizedAt, body, changedAt, dueAt, key: _, lineage, serial, usedAt, version, writeId, ...head } = grant
    if (body._tag === "Sealed" || grant.state._tag !== "Active" || grant.retryAt !== undefined) return grant
    const { accessTokens: [first, second], refreshToken, ...rest } = body
    if (first === undefined || second !== undefined) return grant
    const { expiresAt, issuedAt, value, ...token } = first
    const isExact = changedAt !== undefined && isExactFrom(changedAt, authorizedAt) &&
      isExactFrom(changedAt, dueAt) && isExactFrom(changedAt, usedAt) &&
      isExactFrom(changedAt, issuedAt) && isExactFrom(changedAt, expiresAt)
    if (!isExact) return grant
    const held: Flat = {
      version: String(Number(version)) === version ? small(Number(version)) : version,
      writeId,
      lineage,
      serial,
      changedAt,
      due: from(changedAt, dueAt),
      authorized: from(changedAt, authorizedAt),
      used: from(changedAt, usedAt),
      issued: from(changedAt, issuedAt),
      expires: from(changedAt, expiresAt),
      refreshToken,
      value,
      head: heads(head),
      rest: rests(rest),
      token: tokens(token)
    }
    flat.set(grant, held)
    return held
  }
}

/** As a record is held already, where it came from {@link Records}; else as it is. */
export const of = (grant: Grant.Grant): Held => flat.get(grant) ?? grant

/** The version of a record that is held. */
export const version = (held: Held): string => String(held.version)

/** What the last write of a record that is held was, when, and in which of its pairs; `undefined` where it says nothing. */
export const last = (held: Held): Last | undefined => {
  const { last: note } = isFlat(held) ? held.head : held
  return note === undefined ? undefined : { note, serial: held.serial, at: held.changedAt ?? 0 }
}

/** What a write was. */
export interface Last {
  readonly note: NonNullable<Grant.Grant["last"]>
  readonly serial: number
  readonly at: number
}

/** The record that is held under a key. */
export const toGrant = (held: Held, key: string): Grant.Grant => {
  if (!isFlat(held)) return held
  const { authorized, changedAt, due, expires, issued = 0, lineage, refreshToken, serial, used, value, writeId } = held
  const token: Types.Mutable<Grant.AccessToken> = { ...held.token, value, issuedAt: changedAt + issued }
  if (expires !== undefined) token.expiresAt = changedAt + expires
  const body: Types.Mutable<Grant.Open> = { ...held.rest, accessTokens: [token] }
  if (refreshToken !== undefined) body.refreshToken = refreshToken
  const grant: Types.Mutable<Grant.Grant> = {
    ...held.head,
    key,
    version: version(held),
    writeId,
    lineage,
    serial,
    changedAt,
    body
  }
  if (due !== undefined) grant.dueAt = changedAt + due
  if (authorized !== undefined) grant.authorizedAt = changedAt + authorized
  if (used !== undefined) grant.usedAt = changedAt + used
  return grant
}

const dueAt = (held: Held): number | undefined =>
  !isFlat(held) ? held.dueAt : held.due === undefined ? undefined : held.changedAt + held.due

// a record may have members that this version does not know, but it has a state
const isFlat = (held: Held): held is Flat => !("state" in held)

/** A number that needs no room of its own where it is a small whole one: engines box what was computed of large ones. */
export const small = (value: number): number => (value | 0) === value ? value | 0 : value

const from = (changedAt: number, at: number | undefined): number | undefined =>
  at === undefined ? undefined : small(at - changedAt)

const isExactFrom = (changedAt: number, at: number | undefined): boolean =>
  at === undefined || Object.is(changedAt + (at - changedAt), at)

// By the records that they give: who has to hold on to one of those holds on to this, and nothing is held twice.
const flat = new WeakMap<Grant.Grant, Flat>()

// Gives the same object for all that say the same, as long as few others come between them.
const once = <A extends object>(): (candidate: A) => A => {
  let known: ReadonlyArray<A> = []
  return (candidate) => {
    const same = known.find((other) => isSame(other, candidate))
    if (same !== undefined) return same
    // what is one grant's own goes with its record
    if (!own.some((name) => name in candidate)) known = [candidate, ...known].slice(0, mostKnown)
    return candidate
  }
}

const own = ["authorizationDetails", "identity", "kept", "refreshAt", "refreshTokenExpiresAt", "subject"]

const mostKnown = 8

const isSame = (a: object, b: object): boolean => {
  const names = Object.keys(b)
  return Object.keys(a).length === names.length &&
    names.every((name) => Object.hasOwn(a, name) && isEqual(Reflect.get(a, name), Reflect.get(b, name)))
}

const isEqual = (a: unknown, b: unknown): boolean =>
  a === b ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, index) => each === b[index]))
