/**
 * The refresh transaction as pure functions: what to do with a record that was
 * read ({@link decide}), and what to write when a request was judged
 * ({@link conclude}). Instants are of the store's clock.
 *
 * It is long on purpose: whoever checks the protocol against its model reads all
 * of it in one place.
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import type * as Types from "effect/Types"
import * as Grant from "../Grant.ts"
import type * as GrantHistory from "../GrantHistory.ts"
import * as OAuthError from "../OAuthError.ts"
import type { RefreshPolicy } from "../RefreshPolicy.ts"
import * as RemoteText from "../RemoteText.ts"
import type { RotationPolicy } from "../RotationPolicy.ts"
import * as Scopes from "../Scopes.ts"
import * as Target from "../Target.ts"
import type { Judgement } from "../TokenResponse.ts"
import type { TokenSet } from "../TokenSet.ts"
import { unavailable } from "./binding.ts"
import * as Identity from "./identity.ts"
import * as Lifetimes from "./lifetimes.ts"

/** A grant that gives tokens, and whose last renewal came through: the state of nearly all, held once. */
export const active: Grant.State = { _tag: "Active", failures: 0 }

/** Names a pair of a grant; with its body, where two may have one number. */
export type Pair = Pick<Grant.Grant, "lineage" | "serial"> & Partial<Pick<Grant.Grant, "body">>

/** What someone wants of a grant. */
export interface Need {
  readonly target: Target.Target
  readonly why:
    | { readonly _tag: "Expiring" }
    /** The API refused this token. */
    | { readonly _tag: "Refused"; readonly token: string }
    /** A pair newer than this one is wanted; without one, newer than the pair that stands. */
    | { readonly _tag: "Forced"; readonly than: Pair | undefined }
    /** Nobody asks, but its record says that it is due. `used`: this process has used it lately. */
    | { readonly _tag: "Kept"; readonly used: boolean }
}

/** The rules under which a grant is renewed. */
export interface Rules {
  readonly policy: RefreshPolicy
  readonly rotation: RotationPolicy
  /** How long a token without an answer rests beyond lease and settle time. */
  readonly patience: Duration.Duration
  /** How long a refresh token lives that is not used, where the server's answers do not say. */
  readonly idleLifetime: Duration.Duration | undefined
  /** The least time between two renewals of a grant for one target, where the server asks for one. */
  readonly minInterval?: Duration.Duration | undefined
  readonly installation: string
  /** Whether the DPoP key of a thumbprint is here, or the certificate of a name. */
  readonly holds: (thumbprint: string) => boolean
}

/** What to do with a record. */
export type Step =
  | { readonly _tag: "Adopt"; readonly grant: Grant.Grant }
  | { readonly _tag: "Claim"; readonly grant: Grant.Grant; readonly attempt: number; readonly startedAt: number }
  /** Somebody holds the claim: look again when the version moves, or the lease ran out. */
  | { readonly _tag: "Await"; readonly leaseUntil: number }
  /** The lease, or a rest, is over: look again when the record has stood unchanged for so many milliseconds. */
  | { readonly _tag: "Settle"; readonly millis: number }
  /** The grant has ended, or is not known to have come through: write this. */
  | { readonly _tag: "Write"; readonly change: Change & { readonly state: Verdict } }
  | { readonly _tag: "Rest"; readonly why: OAuthError.RenewalPending["why"]; readonly until: number }
  | {
    readonly _tag: "End"
    readonly why: OAuthError.ReauthorizationCause
    readonly description?: RemoteText.RemoteText | undefined
  }
  | {
    readonly _tag: "Refuse"
    readonly reason: OAuthError.ConfigurationInvalid | OAuthError.KeyUnavailable | OAuthError.RecordReadOnly
  }

/** What is found of a grant without a request. */
type Verdict = Grant.ReauthorizationRequired | Grant.Indeterminate

/** What a write changes of the record that stands. */
export interface Change {
  readonly state: Grant.State
  readonly body?: Grant.Open | undefined
  readonly serial?: number | undefined
  readonly dueIn?: number | undefined
  readonly retryIn?: number | undefined
  readonly leaseFor?: number | undefined
  readonly usedAt?: number | undefined
}

/** Decides what to do with the record that was read at `now`. */
export const decide = (input: {
  readonly grant: Grant.Grant | undefined
  readonly now: number
  readonly need: Need
  readonly rules: Rules
  /** The claims that this process wrote and never sent a request under, by their write ids. */
  readonly neverSent: ReadonlySet<string>
  /** Whether the record has stood unchanged for the settle time while the store answered. */
  readonly settled: boolean
}): Step => {
  const { grant, need, now, rules } = input
  if (grant === undefined) return { _tag: "End", why: "Absent" }
  const body = grant.body
  if (grant.state._tag === "ReauthorizationRequired") {
    return { _tag: "End", why: grant.state.why, description: RemoteText.fromUnknown(grant.state.description) }
  }
  if (grant.state._tag === "Revoked") return { _tag: "End", why: "Revoked" }
  if (body._tag === "Sealed") {
    return { _tag: "Refuse", reason: new OAuthError.KeyUnavailable({ use: "seal", keyId: body.keyId }) }
  }
  if (serves(grant, need, now, rules)) return { _tag: "Adopt", grant }

  // the token is due or refused; while it can be used, nobody needs to wait for another
  const enough = need.why._tag === "Kept" ||
    (need.why._tag === "Expiring" && isUsable(grant, need.target, now, rules))
  if (grant.format > Grant.format || grant.installation !== rules.installation) {
    if (enough) return { _tag: "Adopt", grant }
    const why = grant.format > Grant.format ? "newer-format" : "other-installation"
    return { _tag: "Refuse", reason: new OAuthError.RecordReadOnly({ why }) }
  }
  if (!Scopes.includes(granted(body, need.target.scopes), need.target.scopes)) {
    const problem = "name a scope that was not granted; log in again to ask for more (RFC 6749, section 6)"
    return { _tag: "Refuse", reason: new OAuthError.ConfigurationInvalid({ field: "target.scopes", problem }) }
  }
  if (!knows(body, need.target)) {
    const problem = "is of a type that was not granted; log in again to ask for it (RFC 9396, section 6)"
    return {
      _tag: "Refuse",
      reason: new OAuthError.ConfigurationInvalid({ field: "target.authorizationDetails", problem })
    }
  }
  if (presentable(body) === undefined) {
    if (enough) return { _tag: "Adopt", grant }
    const why = body.refreshTokenKept === true ? "RefreshTokenSpent" : "NoRefreshToken"
    // another token of the grant may still be in use: it is ended by nobody but its time
    if (body.accessTokens.some((token) => now < usableUntil(token, rules.policy))) return { _tag: "End", why }
    return { _tag: "Write", change: { state: { _tag: "ReauthorizationRequired", why, at: now }, body } }
  }

  const missing = missingKey(grant, need, now, rules)
  if (missing !== undefined) {
    if (enough) return { _tag: "Adopt", grant }
    return { _tag: "Refuse", reason: unavailable(missing) }
  }

  const state = grant.state
  switch (state._tag) {
    case "Active": {
      if (grant.retryAt !== undefined && grant.retryAt > now) {
        return enough ? { _tag: "Adopt", grant } : { _tag: "Rest", why: "backing-off", until: grant.retryAt }
      }
      const soonest = soonestAfter(grant, need, rules)
      if (soonest > now) {
        return enough ? { _tag: "Adopt", grant } : { _tag: "Rest", why: "backing-off", until: soonest }
      }
      return { _tag: "Claim", grant, attempt: 1, startedAt: now }
    }
    case "Indeterminate": {
      // once a window is over the token rests, however soon it was to be tried again: it may have been presented up to then
      const isOpen = mayRepeat(rules.rotation, now - state.since)
      const rested = isOpen ? 0 : restedAt(state.since, rules)
      const until = Math.max(grant.retryAt ?? 0, rested)
      if (until > now) return enough ? { _tag: "Adopt", grant } : { _tag: "Rest", why: "indeterminate", until }
      // whoever holds the pair may have been kept from saving it: it comes first
      if (!isOpen && !input.settled) return { _tag: "Settle", millis: Duration.toMillis(rules.policy.settle) }
      return { _tag: "Claim", grant, attempt: state.attempt + 1, startedAt: state.since }
    }
    case "Renewing": {
      // what was claimed to be presented again inside a window is not, once that is over
      const isLate = state.attempt > 1 && windowOf(rules.rotation) !== undefined &&
        !mayRepeat(rules.rotation, now - state.startedAt)
      if (input.neverSent.has(grant.writeId) && !isLate) {
        return { _tag: "Claim", grant, attempt: state.attempt, startedAt: state.startedAt }
      }
      const leaseUntil = grant.leaseUntil ?? now
      if (leaseUntil > now) return enough ? { _tag: "Adopt", grant } : { _tag: "Await", leaseUntil }
      const startedAt = state.startedAt
      if (!input.settled) return { _tag: "Settle", millis: state.settle }
      if (mayRepeat(rules.rotation, now - startedAt)) {
        return { _tag: "Claim", grant, attempt: state.attempt + 1, startedAt }
      }
      // its holder may still save the pair over this, and has patience for it from when the store takes writes
      return {
        _tag: "Write",
        change: {
          state: {
            _tag: "Indeterminate",
            presented: state.presented,
            since: startedAt,
            attempt: state.attempt,
            failures: state.failures ?? 0
          },
          retryIn: resting(Duration.sum(rules.patience, rules.policy.indeterminate(state.attempt)))
        }
      }
    }
  }
}

// What was asked for and what the server said it gave, of all its resources; where neither is known, whatever is wanted.
const granted = (body: Grant.Open, wanted: Scopes.Scopes): Scopes.Scopes => {
  const told = body.accessTokens.find(({ target }) => target === Target.whole.id)?.scopes
  return body.scopes === undefined && told === undefined
    ? wanted
    : Scopes.union(body.scopes ?? Scopes.empty, told ?? Scopes.empty)
}

// Whether the grant has details of each type that is wanted, as far as they are known: what else of them is less, only
// the server can tell.
const knows = (body: Grant.Open, { authorizationDetails: wanted = [] }: Target.Target): boolean => {
  if (wanted.length === 0) return true
  const told = body.accessTokens.find(({ target }) => target === Target.whole.id)?.authorizationDetails
  const known = [told, body.authorizationDetails].flatMap((all) => all === undefined ? [] : Redacted.value(all))
  return known.length === 0 || wanted.every(({ type }) => known.some((detail) => detail.type === type))
}

/** What a judged request means for the claim under which it was sent. */
export interface Conclusion {
  /** The request may be sent again within the claim, by the schedule of this name, before anything is written. */
  readonly again?: "notSent" | "ambiguous" | undefined
  readonly change: Change
  /** Whoever waits gets this, or the tokens. */
  readonly error?: OAuthError.OAuthErrorReason | undefined
  /** The write is never given up: it holds what no one else has, or the server's last word. */
  readonly precious: boolean
  /** The write holds a pair that no one else has. */
  readonly pair: boolean
  /** Whether the target is not asked for again for a while, though the grant may be used for others. */
  readonly targetRests?: boolean | undefined
}

/** Concludes from a judgement what to write. */
export const conclude = (input: {
  /** The claim as it stands. */
  readonly grant: Grant.Grant
  readonly claim: Grant.Renewing
  readonly body: Grant.Open
  /** The failures counted before this claim. */
  readonly failures: number
  /** When the grant was due before this claim, which moved that behind its lease. */
  readonly dueAt: number | undefined
  readonly judgement: Judgement
  /** Whether the tokens are known to be somebody else's. */
  readonly stranger?: boolean | undefined
  /** Whether an earlier request under this claim got no answer. */
  readonly lost: boolean
  /** The store's clock, estimated. */
  readonly now: number
  /** The store's clock minus this process's. */
  readonly offset: number
  readonly need: Need
  readonly rules: Rules
  /** A brake holds: no grant is ended. */
  readonly braked: boolean
  readonly account: string
  readonly provider: string
}): Conclusion => {
  const { body, claim, judgement, now, rules } = input
  const failures = input.failures + 1
  const spends = rules.rotation._tag !== "Static"
  // tokens did not come: back to where the claim came from, unless a request may have spent the token
  const failed = (
    error: OAuthError.OAuthErrorReason,
    retry: { readonly after: Duration.Duration; readonly lost?: boolean; readonly counts?: boolean },
    change?: Partial<Change>
  ): Conclusion => ({
    change: {
      ...change,
      state: spends && (retry.lost === true || input.lost || claim.attempt > 1) && change?.body === undefined
        ? {
          _tag: "Indeterminate",
          presented: claim.presented,
          since: claim.startedAt,
          // only what was sent counts as an attempt
          attempt: retry.lost === true || input.lost ? claim.attempt : Math.max(1, claim.attempt - 1),
          failures: retry.counts === false ? input.failures : failures
        }
        : { _tag: "Active", failures: retry.counts === false ? input.failures : failures },
      dueIn: input.dueAt === undefined ? undefined : Math.max(0, input.dueAt - now),
      retryIn: resting(retry.after)
    },
    error,
    precious: change?.body !== undefined,
    pair: change?.body !== undefined
  })
  const lost = (error: OAuthError.OAuthErrorReason): Conclusion => {
    const soon = rules.policy.backOff(failures)
    const repeatable = mayRepeat(rules.rotation, now + Duration.toMillis(soon) - claim.startedAt)
    return failed(error, { lost: true, after: repeatable ? soon : rest(rules, claim.attempt) })
  }
  const ended = (
    why: Exclude<OAuthError.ReauthorizationCause, "Absent" | "Revoked">,
    description: RemoteText.RemoteText | undefined,
    kept: Grant.Open = body
  ): Conclusion => ({
    change: {
      state: {
        _tag: "ReauthorizationRequired",
        why,
        at: now,
        presented: claim.presented,
        ...(description === undefined ? {} : { description })
      },
      body: kept
    },
    error: new OAuthError.ReauthorizationRequired({
      why,
      provider: input.provider,
      account: input.account,
      description
    }),
    precious: true,
    pair: kept !== body
  })

  switch (judgement._tag) {
    case "Granted": {
      const { tokens } = judgement
      if (input.stranger === true || Identity.differs(body, tokens.idToken)) {
        return ended("IdentityMismatch", undefined, quarantine(body, tokens, "identity"))
      }
      const next = renewed(body, tokens, input)
      return {
        change: {
          state: active,
          body: next,
          serial: input.grant.serial + 1,
          dueIn: dueIn({ ...input.grant, body: next }, now, rules)
        },
        precious: true,
        pair: true
      }
    }
    case "Unusable": {
      if (judgement.refreshToken === undefined) return lost(judgement.reason)
      return failed(judgement.reason, { after: rules.policy.misconfigured(failures) }, {
        body: quarantine(body, judgement, judgement.reason._tag),
        serial: input.grant.serial + 1
      })
    }
    case "Refused": {
      const { reason } = judgement
      // the server's word about one target: the others go on (RFC 8707, section 2)
      if (
        reason.code === "invalid_target" && input.need.target.id !== Target.whole.id && !input.lost &&
        claim.attempt === 1
      ) {
        return { ...failed(reason, { after: Duration.zero, counts: false }), targetRests: true }
      }
      if (!judgement.endsGrant || input.braked) return failed(reason, { after: rules.policy.misconfigured(failures) })
      const why = keeps(body) === true
        ? "RefreshTokenSpent"
        : claim.attempt > 1 || input.lost
        ? "RotationLost"
        : "GrantRejected"
      return ended(why, reason.description)
    }
    case "NotProcessed": {
      const backOff = rules.policy.backOff(failures)
      const after = Duration.max(judgement.reason.retryAfter ?? backOff, backOff)
      return failed(judgement.reason, { after: Duration.min(after, rules.policy.retryAfterCap) })
    }
    case "NotSent": {
      const { reason } = judgement
      if (reason._tag !== "RequestNotSent") return failed(reason, { after: rules.policy.misconfigured(failures) })
      // our own doing, not the server's
      if (reason.problem === "closing" || reason.problem === "lease-lost") {
        return failed(reason, { after: Duration.zero, counts: false })
      }
      return { ...failed(reason, { after: rules.policy.backOff(failures) }), again: "notSent" }
    }
    case "Ambiguous": {
      return mayRepeat(rules.rotation, now - claim.startedAt)
        ? { ...lost(judgement.reason), again: "ambiguous" }
        : lost(judgement.reason)
    }
  }
}

/** What a grant's history says of a conclusion, and why. */
export const happeningOf = (
  { change, error }: Conclusion,
  need: Need
): readonly [what: GrantHistory.Happening, why: string] => {
  const { body, state } = change
  if (error === undefined) return ["Renewed", need.why._tag]
  if (state._tag === "ReauthorizationRequired") return ["Ended", state.why]
  if (body?.quarantined !== undefined) return ["Quarantined", error._tag]
  return [state._tag === "Indeterminate" ? "Indeterminate" : "RenewalFailed", error._tag]
}

/** The record that a change proposes, of the one that stands. */
export const propose = (
  grant: Grant.Grant,
  change: Change,
  { note, now, writeId }: { readonly now: number; readonly writeId: string; readonly note: GrantHistory.Note }
): Grant.Draft => {
  const { changedAt: _, dueAt, last: __, leaseUntil: ___, retryAt: ____, version: _____, ...rest } = grant
  const draft: Types.Mutable<Grant.Draft> = rest
  draft.writeId = writeId
  draft.note = note
  draft.format = Grant.format
  draft.state = change.state
  draft.body = change.body ?? grant.body
  draft.serial = change.serial ?? grant.serial
  if (change.usedAt !== undefined) draft.usedAt = change.usedAt
  const dueIn = "dueIn" in change ? change.dueIn : dueAt === undefined ? undefined : Math.max(0, dueAt - now)
  // nobody can do anything for it before its rest or its lease is over
  if (dueIn !== undefined && !isEnded(change.state)) {
    draft.dueIn = Math.max(dueIn, change.retryIn ?? 0, change.leaseFor ?? 0)
  }
  if (change.retryIn !== undefined) draft.retryIn = change.retryIn
  if (change.leaseFor !== undefined) draft.leaseFor = change.leaseFor
  return draft
}

/**
 * What stands where a claim stood, for the write that ends the claim. It `"yields"` where the record only says that the
 * claim's outcome is not known, and nothing was presented since; where it kept the token that the claim presented, which
 * is replaced by now, unless a repeat of it has ended the pair; and where the store went back in time, to before the pair that the claim presented. In a window in
 * which a repeat brings the same pair, it also yields to a pair when whoever repeated has got no answer, or its claim has
 * settled, and is `"open"` until then: what is under way must not come behind a renewal of that pair.
 */
export const contest = (
  standing: Grant.Grant,
  claim: Grant.Renewing,
  draft: Pick<Grant.Draft, "body" | "installation" | "lineage" | "serial" | "state">,
  now: number,
  rules: Pick<Rules, "patience" | "policy" | "rotation">
): "yields" | "open" | "stands" => {
  const { state } = standing
  const window = windowOf(rules.rotation)
  // what is another installation's by now is on its way to another store, or there already
  if (
    standing.format > Grant.format || standing.lineage !== draft.lineage ||
    standing.installation !== draft.installation
  ) return "stands"
  // an end comes with the pair that was presented, anything else with the next
  const isPair = !isEnded(draft.state)
  const serial = isPair ? draft.serial - 1 : draft.serial
  const isKept = isPair && window?.idempotent !== false && standing.serial === draft.serial && isBehind(standing, draft)
  if (hasGoneBack(standing, { lineage: draft.lineage, serial }) || (isKept && state._tag === "Active")) return "yields"
  if (
    (state._tag !== "Indeterminate" && state._tag !== "Renewing") || state.presented !== claim.presented
  ) return "stands"
  if (state._tag === "Indeterminate" && state.attempt === claim.attempt) return "yields"
  if (!isPair || window?.idempotent !== true || (standing.serial !== serial && !isKept)) return "stands"
  // once the window is over nobody presents it again before it has rested: then that was no repeat
  const since = state._tag === "Renewing" ? state.startedAt : state.since
  if ((standing.changedAt ?? now) >= restedAt(since, rules)) return "stands"
  return state._tag === "Renewing" && (standing.leaseUntil ?? now) + state.settle > now ? "open" : "yields"
}

/** Whether the store went back in time, and a pair that is known may be written over what stands. */
export const hasGoneBack = (standing: Grant.Grant, known: Pair): boolean =>
  isBehind(standing, known) && !isFinal(standing.state)

/** What a newer pair does not undo. A server that refused an older pair has said nothing of a newer one. */
export const isFinal = (state: Grant.State): boolean =>
  state._tag === "Revoked" || (state._tag === "ReauthorizationRequired" && state.why === "Ended")

/** Whether a pair came after another: of the same login, or of a later one. */
export const isNewer = (pair: Pair, than: Pair): boolean => pair.lineage !== than.lineage || pair.serial > than.serial

/**
 * Whether a record is of the same login as one that is known, and older: its store went back in time. Of two pairs of one
 * number, one that kept the token which was presented for it is older than one that came with its successor.
 */
export const isBehind = (pair: Pair, known: Pair): boolean =>
  pair.lineage === known.lineage &&
  (pair.serial < known.serial ||
    (pair.serial === known.serial && keeps(pair.body) === true && keeps(known.body) === false))

/** The refresh token that a renewal presents. */
export const presentable = (body: Grant.Open): Redacted.Redacted | undefined =>
  body.quarantined?.refreshToken ?? body.refreshToken

// Whether a pair's refresh token is the one that was presented for it; nothing where it has none.
const keeps = (body: Grant.Grant["body"] | undefined): boolean | undefined =>
  body?._tag !== "Open" || presentable(body) === undefined
    ? undefined
    : body.quarantined === undefined && body.refreshTokenKept === true

/** Whether an access token may still be handed out. */
const isUsable = (grant: Grant.Grant, target: Target.Target, now: number, rules: Rules): boolean => {
  const token = Grant.accessToken(grant, target.id)
  return token !== undefined && isHeld(token, rules) && now < usableUntil(token, rules.policy)
}

/** Whether this process can present an access token: it is bound to nothing, or to what is here. */
export const isHeld = (token: Grant.AccessToken, rules: Pick<Rules, "holds">): boolean =>
  token.thumbprint === undefined || rules.holds(token.thumbprint)

/** Until when an access token is handed out. */
export const usableUntil = (token: Grant.AccessToken, policy: RefreshPolicy): number =>
  token.expiresAt === undefined
    ? Number.POSITIVE_INFINITY
    : token.expiresAt - Lifetimes.skew(policy, lifetime(token))

/**
 * From when an access token is due for renewal: a margin before its end, or from when the server wants it, whichever is
 * first; but not in the first moments of its life.
 */
export const dueFrom = (token: Grant.AccessToken, policy: RefreshPolicy): number => {
  const due = token.expiresAt === undefined ? Number.POSITIVE_INFINITY : token.expiresAt - margin(token, policy)
  return token.refreshAt === undefined
    ? due
    : Math.min(due, Math.max(token.refreshAt, token.issuedAt + Duration.toMillis(policy.minInterval)))
}

/** How long before its end an access token is due. */
export const margin = (token: Grant.AccessToken, policy: RefreshPolicy): number =>
  Lifetimes.margin(policy, lifetime(token))

/** The body that holds the tokens of an answer. */
export const renewed = (
  body: Grant.Open,
  tokens: TokenSet,
  options: { readonly offset: number; readonly need: Pick<Need, "target">; readonly rules: Pick<Rules, "rotation"> }
): Grant.Open => {
  const issuedAt = tokens.receivedAt + options.offset
  // an answer that says nothing of details has changed nothing of them
  const details = tokens.authorizationDetails ??
    body.accessTokens.find(({ target }) => target === options.need.target.id)?.authorizationDetails
  const token: Grant.AccessToken = {
    target: options.need.target.id,
    value: tokens.accessToken,
    type: tokens.tokenType,
    issuedAt,
    ...(tokens.expiresIn === undefined ? {} : { expiresAt: issuedAt + lasting(tokens.expiresIn) }),
    ...(tokens.refreshIn === undefined ? {} : { refreshAt: issuedAt + lasting(tokens.refreshIn) }),
    ...(tokens.scopes === undefined ? {} : { scopes: tokens.scopes }),
    ...(details === undefined ? {} : { authorizationDetails: details }),
    ...(tokens.thumbprint === undefined ? {} : { thumbprint: tokens.thumbprint })
  }
  const { quarantined, refreshToken, refreshTokenExpiresAt, refreshTokenKept: _, thumbprint: bound, ...rest } = body
  const old = quarantined?.refreshToken ?? refreshToken
  const rotation = options.rules.rotation
  const replaced = tokens.refreshToken !== undefined
  const next = tokens.refreshToken ?? (rotation._tag === "OneShot" ? undefined : old)
  const nextExpiresAt = tokens.refreshTokenExpiresIn !== undefined
    ? issuedAt + lasting(tokens.refreshTokenExpiresIn)
    : replaced
    ? undefined
    : refreshTokenExpiresAt
  const thumbprint = replaced ? tokens.refreshTokenThumbprint : bound
  const subject = body.subject ?? Identity.subject(tokens.idToken)
  return {
    ...rest,
    // not spread: a list that grows keeps room for sixteen more
    accessTokens: [token].concat(others(body, token)),
    ...(next === undefined ? {} : { refreshToken: next }),
    ...(next === undefined || nextExpiresAt === undefined ? {} : { refreshTokenExpiresAt: nextExpiresAt }),
    ...(old !== undefined && !replaced && rotation._tag !== "Static" ? { refreshTokenKept: true } : {}),
    ...(thumbprint === undefined ? {} : { thumbprint }),
    ...(subject === undefined ? {} : { subject }),
    ...(tokens.kept === undefined ? {} : { kept: { ...body.kept, ...tokens.kept } })
  }
}

/**
 * Milliseconds until a grant is to be renewed though nobody asks: before its first access token ends, for as long as it
 * was used lately, and before its refresh token dies. `undefined` where it is not.
 */
export const dueIn = (
  grant: Pick<Grant.Grant, "authorizedAt" | "body" | "key" | "usedAt">,
  now: number,
  rules: Pick<Rules, "idleLifetime" | "policy">
): number | undefined => {
  const { body } = grant
  if (body._tag === "Sealed" || presentable(body) === undefined) return undefined
  const used = (grant.usedAt ?? grant.authorizedAt ?? Number.NEGATIVE_INFINITY) +
    Duration.toMillis(rules.policy.usedWithin)
  const active = Math.min(...body.accessTokens.filter(isLive(now)).map((token) => dueFrom(token, rules.policy)))
  const due = Math.min(active <= used ? active : Number.POSITIVE_INFINITY, dyingFrom(grant.key, body, now, rules))
  return Number.isFinite(due) ? Math.max(0, due - now) : undefined
}

/** The target whose access token a renewal that nobody asked for replaces: the first to end, or the last that was. */
export const dueTarget = (grant: Grant.Grant, now: number, policy: RefreshPolicy): Target.Target => {
  const tokens = grant.body._tag === "Open" ? grant.body.accessTokens : []
  const live = tokens.filter(isLive(now))
  const first = live.toSorted((a, b) => dueFrom(a, policy) - dueFrom(b, policy))[0] ?? tokens[0]
  return Target.fromId(first?.target ?? Target.whole.id)
}

/** A grant without its access tokens for some targets; itself where it has none of them. */
export const without = (grant: Grant.Grant, targets: (target: string) => boolean): Grant.Grant =>
  grant.body._tag === "Open" && grant.body.accessTokens.some(({ target }) => targets(target))
    ? {
      ...grant,
      body: { ...grant.body, accessTokens: grant.body.accessTokens.filter(({ target }) => !targets(target)) }
    }
    : grant

// from when a grant that nobody uses is renewed, so that its refresh token does not die
const dyingFrom = (
  key: string,
  body: Grant.Open,
  now: number,
  { idleLifetime, policy }: Pick<Rules, "idleLifetime" | "policy">
): number => {
  const renewedAt = Math.max(...body.accessTokens.map(({ issuedAt }) => issuedAt))
  const end = Math.min(
    body.refreshTokenExpiresAt ?? Number.POSITIVE_INFINITY,
    idleLifetime === undefined ? Number.POSITIVE_INFINITY : renewedAt + Duration.toMillis(idleLifetime)
  )
  // what has ended by our reckoning is not kept alive; it may live, and is presented when somebody asks
  if (end <= now) return Number.POSITIVE_INFINITY
  const margin = Math.min(Duration.toMillis(policy.idleMargin), (end - now) * policy.marginFraction)
  // earlier by the grant's name, so that those of one day do not come back on one day
  return end - margin * (1 + policy.jitter * spread(key))
}

// a number between 0 and 1 that is the same wherever it is asked for (FNV-1a)
const spread = (key: string): number => {
  let hash = 2_166_136_261
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 16_777_619)
  return (hash >>> 0) / 4_294_967_296
}

const isLive = (now: number) => (token: Grant.AccessToken): boolean =>
  token.expiresAt === undefined || token.expiresAt > now

// The tokens of other targets that stay beside a new one: those that live, the latest, and the first target's, which
// tells what the server has granted.
const others = (body: Grant.Open, token: Grant.AccessToken): ReadonlyArray<Grant.AccessToken> => {
  const rest = body.accessTokens.filter((other) => other.target !== token.target)
  const whole = rest.filter((other) => other.target === Target.whole.id)
  const live = rest.filter((other) => other.target !== Target.whole.id && isLive(token.issuedAt)(other))
  return [...whole, ...live.toSorted((a, b) => b.issuedAt - a.issuedAt).slice(0, mostTargets - 1 - whole.length)]
}

/** For how many targets a record holds access tokens, and a process slots. */
export const mostTargets = 32

// The key without which a grant cannot be renewed, or must not yet: who holds the one that its token is bound to would
// renew in turn, and so on for ever.
const missingKey = (grant: Grant.Grant, need: Need, now: number, rules: Rules): string | undefined => {
  const bound = grant.body._tag === "Open" ? grant.body.thumbprint : undefined
  if (bound !== undefined && !rules.holds(bound)) return bound
  const token = Grant.accessToken(grant, need.target.id)
  return token === undefined || isHeld(token, rules) || !isYoung(token, now, rules.policy)
    ? undefined
    : token.thumbprint
}

const isYoung = (token: Grant.AccessToken, now: number, policy: RefreshPolicy): boolean =>
  now - token.issuedAt < Math.min(Duration.toMillis(policy.minInterval), lifetime(token) / 2)

const serves = (grant: Grant.Grant, need: Need, now: number, rules: Rules): boolean => {
  if (need.why._tag === "Kept") return grant.dueAt === undefined || grant.dueAt > now
  const { policy } = rules
  const token = Grant.accessToken(grant, need.target.id)
  if (token === undefined || !isHeld(token, rules)) return false
  switch (need.why._tag) {
    case "Expiring":
      return now < dueFrom(token, policy) || isYoung(token, now, policy)
    case "Refused":
      return Redacted.value(token.value) !== need.why.token && now < usableUntil(token, policy)
    case "Forced":
      return need.why.than !== undefined && isNewer(grant, need.why.than)
  }
}

const lifetime = (token: Grant.AccessToken): number =>
  token.expiresAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, token.expiresAt - token.issuedAt)

// ten years: an instant that every clock and store can hold
const lasting = (duration: Duration.Duration): number => Math.min(Duration.toMillis(duration), 315_360_000_000)

// the functions of a policy may give any duration, and a record holds none that is not finite
const resting = (duration: Duration.Duration): number => Math.max(0, lasting(duration))

const quarantine = (
  body: Grant.Open,
  { refreshToken, refreshTokenThumbprint }: Pick<TokenSet, "refreshToken" | "refreshTokenThumbprint">,
  problem: string
): Grant.Open =>
  refreshToken === undefined ? body : {
    ...body,
    quarantined: { refreshToken, problem },
    ...(refreshTokenThumbprint === undefined ? {} : { thumbprint: refreshTokenThumbprint })
  }

// A renewal whose token had ended when it came is not followed by another within a second. Who waits for what the server
// asks for does so no longer than the token lives: then there is nothing to lose.
const soonestAfter = (grant: Grant.Grant, need: Need, { minInterval }: Rules): number => {
  const token = Grant.accessToken(grant, need.target.id)
  if (token === undefined) return 0
  if (grant.serial > 1 && need.why._tag === "Expiring" && lifetime(token) < 1_000) return token.issuedAt + 1_000
  return minInterval === undefined
    ? 0
    : token.issuedAt + Math.min(Duration.toMillis(minInterval), lifetime(token))
}

/** Whether a token that was presented so long ago, without an answer, may be presented again at once. */
export const mayRepeat = (rotation: RotationPolicy, elapsed: number): boolean => elapsed < repeatable(rotation)

const windowOf = (rotation: RotationPolicy) => rotation._tag === "Rotating" ? rotation.window : undefined

// for how many milliseconds after its first presentation
const repeatable = (rotation: RotationPolicy): number => {
  switch (rotation._tag) {
    case "Static":
      return Number.POSITIVE_INFINITY
    case "Rotating":
      // a tenth of the window is left for the way to the server
      return rotation.window === undefined ? 0 : Duration.toMillis(rotation.window.duration) * 0.9
    case "OneShot":
    case "Unknown":
      return 0
  }
}

// Until when a token rests that may have been presented up to the end of its window.
const restedAt = (since: number, rules: Pick<Rules, "patience" | "policy" | "rotation">): number =>
  since + repeatable(rules.rotation) + Duration.toMillis(rest(rules, 1))

// how long a token rests whose presentation got no answer
const rest = (rules: Pick<Rules, "patience" | "policy">, attempt: number): Duration.Duration =>
  [rules.policy.lease, rules.policy.settle, rules.patience, rules.policy.indeterminate(attempt)].reduce(Duration.sum)

/** Whether a grant in this state has no tokens to give and nothing to renew them with. */
export const isEnded = (state: Grant.State): boolean =>
  state._tag === "ReauthorizationRequired" || state._tag === "Revoked"
