/**
 * What must be true of a run, whatever went wrong in it. The server's ledger and
 * the store's accepted writes are believed; what clients say of themselves only
 * where it is held against them.
 */
import type { Grant } from "@effect-oauth/core"
import { RotationPolicy } from "@effect-oauth/core"
import type { Ledger } from "@effect-oauth/core/testing"
import { Duration } from "effect"
import type * as Faults from "./Faults.ts"
import { nameOf } from "./SharedStore.ts"
import type { Deed, Facts, Life, Span } from "./Simulation.ts"

/** What is wrong with a run, one line for each breach; nothing when all is well. */
export const breaches = (facts: Facts): ReadonlyArray<string> => [
  ...facts.wrong,
  ...presentedAgain(facts),
  ...presentedTwiceInCalm(facts),
  ...releasedEarly(facts),
  ...overwritten(facts),
  ...revokedStanding(facts),
  ...calledRejected(facts),
  ...endedWithoutCause(facts),
  ...presentedOlder(facts),
  ...presentedBesideEscrow(facts),
  ...claimedEarly(facts),
  ...dropped(facts),
  ...saidOvertaken(facts),
  ...leftAlive(facts),
  ...toldWrongly(facts),
  ...sentElsewhere(facts),
  ...atRest(facts),
  ...(facts.waiting > 0 ? [`I9: ${facts.waiting} callers still wait when the world is at rest`] : [])
]

// -- I1: presentations --------------------------------------------------------------------

interface Presentation {
  readonly at: number
  readonly index: number
  readonly by: string
  readonly exchange: number
  /** When its client had an answer, or a broken connection, or gave up; nothing when it was gone. */
  readonly endedAt: number | undefined
  readonly end: Ledger.Kind | undefined
  /** What the client got does not say whether the server processed it. */
  readonly isAmbiguous: boolean
}

const presentedAgain = (facts: Facts): ReadonlyArray<string> => {
  const rotation = facts.rotation
  if (!RotationPolicy.spends(rotation)) return []
  const wrong: Array<string> = []
  const stored = firstStored(facts)
  const successors = successorsOf(facts.ledger)
  const wentBack = accountsThat(facts, "went back")
  for (const [token, presentations] of presentationsOf(facts)) {
    const family = token.split("-")[0] ?? ""
    // who reads a record of the past presents a token of the past
    if (wentBack.has(accountOf(facts, family) ?? "")) continue
    presentations.forEach((later, index) => {
      const earlier = presentations[index - 1]
      if (earlier === undefined) return
      const what = `${token} in #${later.exchange} by ${later.by}`

      const acknowledged = (successors.get(token) ?? []).find((next) => (stored.get(next) ?? Infinity) < later.at)
      if (acknowledged !== undefined) {
        wrong.push(`I1: ${what} is presented again, though the store has its successor ${acknowledged}`)
      }
      const holder = facts.lives.get(earlier.by)
      if (isOpenAt(earlier, later.at) && holder !== undefined && isUnhindered(holder, earlier.at - 60_000, later.at)) {
        wrong.push(`I1: ${what} is presented again, while #${earlier.exchange} can still be answered to ${holder.name}`)
      }
      if (!earlier.isAmbiguous) return
      const since = later.at - earlier.at
      // counted from the first of those without an answer
      const first = presentations[presentations.findLastIndex((one, at) => at < index && !one.isAmbiguous) + 1] ??
        earlier
      const inWindow = rotation._tag === "Rotating" && rotation.window !== undefined &&
        later.at - first.at <= Duration.toMillis(rotation.window.duration)
      if (!inWindow && since < 0.95 * (Duration.toMillis(facts.policy.settle) + patienceOf(facts))) {
        wrong.push(`I1: ${what} is presented again ${since} ms after #${earlier.exchange}, whose outcome is not known`)
      }
    })
  }
  return wrong
}

// I5: when nothing goes wrong, a pair is renewed once, however many ask
const presentedTwiceInCalm = (facts: Facts): ReadonlyArray<string> =>
  facts.plan.focus !== "nothing" || !RotationPolicy.spends(facts.rotation)
    ? []
    : Array.from(presentationsOf(facts)).filter(([, presentations]) => presentations.length > 1)
      .map(([token, { length }]) => `I5: ${token} is presented ${length} times in a calm run`)

const presentationsOf = (facts: Facts): ReadonlyMap<string, ReadonlyArray<Presentation>> => {
  const ends = new Map<number, Ledger.Entry>()
  for (const entry of facts.ledger) {
    if (entry.exchange === undefined) continue
    if (["answered", "unanswered", "abandoned"].includes(entry.kind)) ends.set(entry.exchange, entry)
  }
  const presentations = new Map<string, Array<Presentation>>()
  facts.ledger.forEach((entry, index) => {
    if (entry.kind !== "presented" || entry.token === undefined || entry.exchange === undefined) return
    const end = ends.get(entry.exchange)
    const fault = facts.faults.get(entry.exchange)
    const list = presentations.get(entry.token) ?? []
    presentations.set(entry.token, list)
    list.push({
      at: entry.at,
      index,
      by: entry.by,
      exchange: entry.exchange,
      endedAt: facts.astray.get(entry.exchange) ?? end?.at,
      end: end?.kind,
      isAmbiguous: end?.kind !== "answered" || facts.astray.has(entry.exchange) ||
        (fault !== undefined && ambiguous.has(fault))
    })
  })
  return presentations
}

const ambiguous: ReadonlySet<Faults.Name> = new Set<Faults.Name>([
  "server error before rotation",
  "server error after rotation",
  "page before rotation",
  "page after rotation",
  "not JSON",
  "redirect"
])

const isOpenAt = (earlier: Presentation, at: number): boolean => earlier.endedAt === undefined || earlier.endedAt > at

// alive, running and heard by the store all the time
const isUnhindered = (life: Life, from: number, to: number): boolean =>
  !(life.ended !== undefined && life.ended.at <= to) &&
  !life.hindered.some((at) => at >= from && at <= to) &&
  !life.suspended.concat(life.cutOff).some((span) => span.from <= to && span.to >= from)

// -- I3: nothing is released that could be forgotten -----------------------------------------

const releasedEarly = (facts: Facts): ReadonlyArray<string> =>
  facts.told.filter(({ durable, token }) => token !== undefined && !durable).flatMap((told) => {
    const life = facts.lives.get(told.by)
    const isDeclared = life?.events.some(({ at, event }) =>
      event._tag === "Unsaved" && facts.accounts.get(event.key.id) === told.account && at <= told.at + 60_000
    )
    const isGone = life?.ended !== undefined && life.ended.at < told.at + 60_000
    return isDeclared === true || isGone
      ? []
      : [`I3: ${told.by} gave ${told.token} of ${told.account} at ${told.at}, which is not stored`]
  })

// -- I8: what stands -----------------------------------------------------------------------------

const overwritten = (facts: Facts): ReadonlyArray<string> =>
  facts.written.flatMap(({ before, by, grant }) => {
    if (by === "restore" || before === undefined || grant === undefined || before.lineage !== grant.lineage) return []
    // the refusal of an older pair, after the store went back in time, does not concern a newer one
    const isOlder = before.state._tag === "ReauthorizationRequired" && before.state.why !== "Ended" &&
      grant.serial > before.serial && accountsThat(facts, "went back").has(facts.accounts.get(grant.key) ?? "")
    const ended = !isOlder && (before.state._tag === "Revoked" || before.state._tag === "ReauthorizationRequired")
    if (ended && grant.state._tag !== "Revoked" && grant.state._tag !== "ReauthorizationRequired") {
      return [`I8: ${by} made ${grant.state._tag} of ${before.state._tag} without a login`]
    }
    return grant.serial < before.serial ? [`I8: ${by} wrote pair ${grant.serial} over pair ${before.serial}`] : []
  })

// a token of a lineage that stands is never revoked
const revokedStanding = (facts: Facts): ReadonlyArray<string> =>
  facts.ledger.filter(({ detail, kind }) => kind === "revoked" && detail === "client").flatMap((entry) => {
    const account = accountOf(facts, entry.family ?? "")
    const isAsked = facts.deeds.some((deed) => deed.account === account && deed.what === "revocation")
    const isStanding = account !== undefined && standingFamily(facts, account) === entry.family
    return isAsked || !isStanding ? [] : [`I8: ${entry.by} revoked ${entry.token} of a grant that stands`]
  })

// -- what an end is called -----------------------------------------------------------------------

// `GrantRejected` says that the person or the provider ended it; a token that had been presented before without an
// answer does not tell
const calledRejected = (facts: Facts): ReadonlyArray<string> => {
  if (!RotationPolicy.spends(facts.rotation)) return []
  const presentations = presentationsOf(facts)
  const wentBack = accountsThat(facts, "went back")
  return facts.written.flatMap(({ at, before, by, grant }) => {
    if (grant?.state._tag !== "ReauthorizationRequired" || grant.state.why !== "GrantRejected") return []
    if (before?.state._tag === "ReauthorizationRequired" || wentBack.has(facts.accounts.get(grant.key) ?? "")) return []
    const token = presentedBy(grant)
    const unanswered = (presentations.get(token ?? "") ?? []).slice(0, -1).find((earlier) =>
      earlier.isAmbiguous && earlier.at < at
    )
    return unanswered === undefined
      ? []
      : [`I6: ${by} called the end of ${token} GrantRejected, though #${unanswered.exchange} had no answer`]
  })
}

// -- I2, I6, I9: the world at rest -------------------------------------------------------------------

const atRest = (facts: Facts): ReadonlyArray<string> =>
  Array.from(facts.accounts, ([id, account]) => [account, standing(facts, id)] as const).flatMap(([account, grant]) => {
    const state = grant?.state._tag
    const answers = facts.atRest.filter((told) => told.account === account)
    const unusable = answers.find(({ token, why }) => token === undefined && why?.startsWith("Reauth") !== true)
    if (answers.length !== facts.plan.processes) {
      return [`I9: ${answers.length} of ${facts.plan.processes} processes answer for ${account} at rest`]
    }
    if (unusable !== undefined) return [`I9: ${account} is ${state} at rest, and ${unusable.by} says ${unusable.why}`]
    if (grant === undefined) {
      return facts.deeds.some((deed) => deed.account === account && deed.what === "login")
        ? [`I8: the record of ${account} is gone`]
        : []
    }
    const family = standingFamily(facts, account) ?? ""
    if (!standable(facts, account).has(family) && !accountsThat(facts, "went back").has(account)) {
      return [`I8: ${account} stands on ${family}, which a later login has replaced`]
    }
    const dissenting = answers.find(({ token }) => (token === undefined) !== (isEnded(grant)))
    if (dissenting !== undefined) {
      return [`I9: ${account} is ${state} at rest, and ${dissenting.by} says ${dissenting.token ?? dissenting.why}`]
    }
    return grant.state._tag !== "Revoked" ||
        facts.deeds.some((deed) => deed.account === account && deed.what === "revocation")
      ? []
      : [`I6: nobody revoked ${account} (${family})`]
  })

const endedWithoutCause = (facts: Facts): ReadonlyArray<string> =>
  facts.written.flatMap(({ before, by, grant }) => {
    if (grant === undefined || by === "restore" || before?.state._tag === grant.state._tag) return []
    const account = facts.accounts.get(grant.key) ?? ""
    return ending(facts, account, grant, tokenOf(grant)?.split("-")[0] ?? "")
  })

// Whether an end has its cause.
const ending = (facts: Facts, account: string, grant: Grant.Grant, family: string): ReadonlyArray<string> => {
  const { state } = grant
  const did = (what: Deed["what"]) =>
    facts.deeds.some((deed) => deed.account === account && deed.what === what && (deed.family ?? family) === family)
  const met = (...names: ReadonlyArray<Faults.Name>) =>
    facts.ledger.some((entry) =>
      entry.kind === "presented" && entry.family === family &&
      names.includes(facts.faults.get(entry.exchange ?? -1) ?? "dns")
    )
  const unless = (isRight: boolean, otherwise: string) =>
    isRight ? [] : [`${otherwise}: ${account} (${family}) is ${"why" in state ? state.why : state._tag}`]
  if (state._tag !== "ReauthorizationRequired") return []
  switch (state.why) {
    case "Ended":
      return unless(did("ended"), "I6: nobody ended it")
    case "IdentityMismatch":
      return unless(met("other subject"), "I6: nobody else was named")
    case "NoRefreshToken":
      return unless(facts.plan.rotation === "one shot", "I6: there was a refresh token")
    case "RefreshTokenSpent":
      return unless(
        facts.plan.rotation === "one shot" ||
          met("without refresh token", "without access token", "without token type") && (
              facts.rotation._tag !== "Rotating" || did("provider") || met("invalid_grant") || did("revocation") ||
              excuseOf(facts, account, family) !== undefined
            ),
        "I6: it was not kept"
      )
    case "RefreshTokenExpired":
      return unless(false, "I6: refresh tokens live for ever here")
    case "GrantRejected":
    case "RotationLost": {
      if (did("provider") || met("invalid_grant") || did("revocation")) return []
      const excuse = excuseOf(facts, account, family)
      return unless(excuse !== undefined, "I2: lost without need")
    }
  }
}

/** Why the newest pair of a family could not be kept by anybody, as the harness knows it. */
export const excuseOf = (facts: Facts, account: string, family: string): string | undefined => {
  const entries = facts.ledger.filter((entry) => entry.family === family)
  const spent = facts.plan.rotation === "one shot" && entries.some((entry) => entry.kind === "spent")
  if (spent) return "used up"
  if (accountsThat(facts, "went back").has(account)) return "the store went back in time"
  if (entries.some(({ exchange, kind }) => kind === "presented" && facts.faults.get(exchange ?? -1) === "duplicated")) {
    return "a request was duplicated"
  }
  if (cameLate(facts, family)) return "a request came when its sender had given up, and another had been sent"

  const newest = entries.findLast((entry) => entry.kind === "rotated" || entry.kind === "replayed")
  const successor = newest?.successor
  if (newest === undefined || successor === undefined || facts.known.has(successor)) return undefined
  const received = entries.filter((entry) => entry.kind === "received" && entry.token === successor)
  const reasons = received.map((entry) => {
    const life = facts.lives.get(entry.by)
    if (life === undefined) return undefined
    if (life.ended !== undefined && life.ended.how === "killed") return "its holder was killed"
    if (isThrownAway(facts, entry)) return "its answer came while its holder was stopped, and its time was over"
    if (life.ended !== undefined && !facts.plan.escrow) return "its holder was closed, and has no escrow"
    const most = Duration.toMillis(facts.policy.lease) + Duration.toMillis(facts.policy.settle) + patienceOf(facts)
    const reused = entries.find((later) => later.kind === "reused" && later.at > newest.at)
    if (life.ended !== undefined && reused !== undefined && reused.at - newest.at > most * 0.9) {
      return "it was in escrow for too long"
    }
    const away = joined(
      life.suspended.concat(life.cutOff),
      Duration.toMillis(facts.policy.storeTimeLimit) + longestPause
    )
      .filter((span) => span.to > newest.at && span.from < facts.restAt)
    const wasAwayFor = (millis: number) =>
      away.some((span) => span.to - Math.max(span.from, newest.at - 60_000) > millis * 0.9)
    if (wasAwayFor(most)) return "its holder was away for too long"
    // inside a window nobody waits for patience: whoever followed got the same pair, and died with it, or no answer
    const soonest = Duration.toMillis(facts.policy.lease) + Duration.toMillis(facts.policy.settle)
    const isWindow = facts.rotation._tag === "Rotating" && facts.rotation.window !== undefined
    const wasFollowed = entries.some((later) =>
      later.kind === "presented" && later.token === newest.token && later.by !== entry.by && later.at > entry.at
    )
    const isElsewhere = received.some(({ by }) => by !== entry.by && facts.lives.get(by)?.ended?.how !== "killed")
    return isWindow && wasFollowed && !isElsewhere && wasAwayFor(soonest)
      ? "its holder was away, and who followed inside the window was killed or got no answer"
      : undefined
  })
  return received.length === 0
    ? "nobody received it"
    : reasons.includes(undefined)
    ? undefined
    : reasons[0]
}

// Who is back for less time than a call to the store that got no answer may hang, and the pause after it, is still away.
const joined = (spans: ReadonlyArray<Span>, least: number): ReadonlyArray<Span> => {
  const all: Array<Span> = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last !== undefined && span.from < last.to + least) last.to = Math.max(last.to, span.to)
    else all.push({ ...span })
  }
  return all
}

// of `RefreshPolicy.persist`
const longestPause = 5_000

// The assumption of the protocol: a request whose holder gave up is not processed after the next claim.
const cameLate = (facts: Facts, family: string): boolean => {
  let sent = new Map<string, number>()
  for (const entry of facts.ledger) {
    if (entry.family !== family || entry.token === undefined || entry.exchange === undefined) continue
    if (entry.kind === "presented") sent = sent.set(entry.token, entry.exchange)
    else if (["rotated", "replayed", "reused"].includes(entry.kind)) {
      const latest = sent.get(entry.token)
      if (latest !== undefined && latest > entry.exchange) return true
      // or when its pair had already been replaced
      if (entry.kind === "reused" && facts.faults.get(entry.exchange) === "request comes late") return true
    }
  }
  return false
}

// I2: a pair that reached a process is stored, or was overtaken, or ended with its process, and is said to be
const dropped = (facts: Facts): ReadonlyArray<string> => {
  const replaced = new Set(
    facts.ledger.filter(({ kind }) => kind === "rotated" || kind === "replayed").map(({ token }) => token)
  )
  return facts.ledger.flatMap((entry) => {
    const { at, by, kind, token } = entry
    const life = facts.lives.get(by)
    if (kind !== "received" || token === undefined || life === undefined) return []
    // what was kept is not received anew, and what was stored or presented was not dropped
    if (facts.known.has(token) || replaced.has(token)) return []
    if (life.ended?.how === "killed") return []
    const isSaid = life.events.some(({ at: later, event }) =>
      later >= at && (event._tag === "Overtaken" || event._tag === "PairLost" || event._tag === "Escrowed")
    )
    // an answer that came when its sender had given up reaches nobody
    const isGivenUp = entry.exchange !== undefined && facts.astray.has(entry.exchange) ||
      facts.ledger.some((other) =>
        other.exchange === entry.exchange &&
        (other.kind === "abandoned" || (other.kind === "received" && other.at > at))
      )
    return isSaid || isGivenUp || isThrownAway(facts, entry) ? [] : [`I2: ${by} dropped ${token} and said nothing`]
  })
}

// I1, I2: whoever has saved a pair of a lineage presents no older one of it, whatever became of the store
const presentedOlder = (facts: Facts): ReadonlyArray<string> => {
  if (!RotationPolicy.spends(facts.rotation)) return []
  const successors = successorsOf(facts.ledger)
  const saved = new Map<string, number>()
  for (const { at, by, grant } of facts.written) {
    const token = grant?.state._tag === "Active" ? presentedBy(grant) : undefined
    if (token !== undefined && !saved.has(`${by} ${token}`)) saved.set(`${by} ${token}`, at)
  }
  return facts.ledger.flatMap(({ at, by, exchange, kind, token }) => {
    if (kind !== "presented" || token === undefined) return []
    const newer = (successors.get(token) ?? []).find((next) => (saved.get(`${by} ${next}`) ?? Infinity) < at)
    return newer === undefined ? [] : [`I1: ${by} presents ${token} in #${exchange}, and has saved ${newer} before`]
  })
}

// An answer that comes as the time limit of its request is over, or waits for a process that is stopped until it is: the
// limit is noticed first.
const isThrownAway = (facts: Facts, received: Ledger.Entry): boolean => {
  const sent = facts.ledger.find(({ exchange, kind }) => exchange === received.exchange && kind === "presented")
  if (sent === undefined) return false
  const limit = Duration.toMillis(facts.policy.timeLimit)
  // for a process to take an answer it needs some steps
  const taken = received.at + 40
  return taken - sent.at > limit ||
    facts.lives.get(received.by)?.suspended.some((span) =>
        span.from <= taken && span.to > received.at && span.to - sent.at > limit * 0.98
      ) === true
}

// I1: while a pair is in a machine's escrow, nothing that came before it is presented from there
const presentedBesideEscrow = (facts: Facts): ReadonlyArray<string> => {
  if (facts.kept.length === 0 || !RotationPolicy.spends(facts.rotation)) return []
  const successors = successorsOf(facts.ledger)
  return facts.ledger.flatMap(({ at, by, kind, token }) => {
    if (kind !== "presented" || token === undefined) return []
    const kept = facts.kept.find((pair) =>
      by.startsWith(`p${pair.slot + 1}.`) && pair.from < at && at < pair.to &&
      (successors.get(token) ?? []).includes(pair.token)
    )
    return kept === undefined ? [] : [`I1: ${by} presents ${token}, and has ${kept.token} in escrow`]
  })
}

// I6: nobody claims before the instant that the server, or the last failure, asked for
const claimedEarly = (facts: Facts): ReadonlyArray<string> =>
  facts.written.flatMap(({ at, before, by, grant }) =>
    grant?.state._tag === "Renewing" && before?.state._tag === "Active" && before.lineage === grant.lineage &&
      before.retryAt !== undefined && before.retryAt > at + 1
      ? [`I6: ${by} claims ${facts.accounts.get(grant.key)} ${before.retryAt - at} ms before it may`]
      : []
  )

// I2: who says that its pair was overtaken has not saved it; that its last write came late, after which others wrote, it
// cannot know
const saidOvertaken = (facts: Facts): ReadonlyArray<string> =>
  Array.from(facts.lives.values()).flatMap((life) =>
    life.events.flatMap(({ at, event }) => {
      if (event._tag !== "Overtaken") return []
      const last = facts.written.findLast((written) => written.at <= at && written.grant?.key === event.key.id)
      const own = last?.by === life.name ? last : undefined
      return own?.grant?.state._tag === "Active" && own.before?.state._tag === "Renewing" &&
          own.before.lineage === own.grant.lineage && at - own.at < 1_000
        ? [`I2: ${life.name} says that it was overtaken, and has saved its pair`]
        : []
    })
  )

// what reached a living process of a grant that was revoked is revoked too
const leftAlive = (facts: Facts): ReadonlyArray<string> =>
  facts.ledger.flatMap(({ by, family, kind, token }) => {
    if (kind !== "received" || token === undefined || !facts.live.has(token)) return []
    const account = accountOf(facts, family ?? "") ?? ""
    const grant = facts.written.findLast(({ grant }) =>
      grant !== undefined && facts.accounts.get(grant.key) === account
    )
      ?.grant
    const isGone = facts.lives.get(by)?.ended !== undefined
    return grant?.state._tag === "Revoked" && grant.state.remote === "done" && !isGone &&
        standingFamily(facts, account) === family
      ? [`I8: ${token} of ${account} lives on, which is revoked`]
      : []
  })

// I6, I10: a caller is told of an end that has its record or its refusal, and is given tokens of its own grant only
const toldWrongly = (facts: Facts): ReadonlyArray<string> =>
  facts.told.concat(facts.atRest).flatMap(({ account, at, by, token, why }) => {
    if (token !== undefined) {
      return accountOf(facts, token.split("-")[0] ?? "") === account
        ? []
        : [`I10: ${by} gave ${token}, which is not of ${account}`]
    }
    if (why?.startsWith("ReauthorizationRequired") !== true) return []
    const isWritten = facts.written.some(({ at: earlier, grant }) =>
      earlier <= at && (grant === undefined || (isEnded(grant) && facts.accounts.get(grant.key) === account))
    )
    const isRefused = facts.ledger.some((entry) => entry.at <= at && entry.by === by && entry.kind === "refused") ||
      facts.plan.focus === "invalid_grant" || facts.plan.noise > 0
    return isWritten || isRefused || why.endsWith("Absent") || tokenIsGone(facts, account)
      ? []
      : [`I6: ${by} says of ${account} at ${at}: ${why}, which nobody has said or written`]
  })

// where a server gives no other refresh token, a grant has an end that nobody writes
const tokenIsGone = (facts: Facts, account: string): boolean =>
  facts.written.some(({ grant }) =>
    grant !== undefined && facts.accounts.get(grant.key) === account && presentedBy(grant) === undefined
  )

// I10: tokens go to the server that the provider names
const sentElsewhere = (facts: Facts): ReadonlyArray<string> =>
  facts.exchanges.filter(({ endpoint }) => endpoint !== "token" && endpoint !== "revocation")
    .map(({ by, url }) => `I10: ${by} sent a request to ${url}`)

// -- looking up ------------------------------------------------------------------------------------------

const patienceOf = (facts: Facts): number => Duration.toMillis(RotationPolicy.patience(facts.rotation))

const isEnded = (grant: Grant.Grant): boolean =>
  grant.state._tag === "Revoked" || grant.state._tag === "ReauthorizationRequired"

const standing = (facts: Facts, id: string): Grant.Grant | undefined =>
  facts.written.findLast(({ before, grant }) => (grant ?? before)?.key === id)?.grant

const presentedBy = (grant: Grant.Grant): string | undefined => {
  if (grant.body._tag === "Sealed") return undefined
  const token = grant.body.quarantined?.refreshToken ?? grant.body.refreshToken
  return token === undefined ? undefined : nameOf(token)
}

// the family of the tokens that an account's record holds, also when they are gone by now
const standingFamily = (facts: Facts, account: string): string | undefined => {
  const last = facts.written.findLast(({ grant }) =>
    grant !== undefined && facts.accounts.get(grant.key) === account && tokenOf(grant) !== undefined
  )?.grant
  return last === undefined ? undefined : tokenOf(last)?.split("-")[0]
}

const tokenOf = (grant: Grant.Grant): string | undefined => {
  const access = grant.body._tag === "Open" ? grant.body.accessTokens[0] : undefined
  return presentedBy(grant) ?? (access === undefined ? undefined : nameOf(access.value))
}

// the login that was acknowledged last, and those of which it is not known; of two that were under way at once either
const standable = (facts: Facts, account: string): ReadonlySet<string | undefined> => {
  const logins = facts.deeds.filter((deed) => deed.account === account && deed.what.startsWith("login"))
  const last = logins.findLast((deed) => deed.what === "login")
  const since = last === undefined ? 0 : last.at - 100
  return new Set(logins.filter(({ at }) => at >= since).map((deed) => deed.family))
}

const accountOf = (facts: Facts, family: string): string | undefined =>
  facts.deeds.find((deed) => deed.what.startsWith("login") && deed.family === family)?.account

const accountsThat = (facts: Facts, what: Deed["what"]): ReadonlySet<string> =>
  new Set(facts.deeds.filter((deed) => deed.what === what).map((deed) => deed.account))

const firstStored = (facts: Facts): ReadonlyMap<string, number> => {
  const stored = new Map<string, number>()
  for (const { at, grant } of facts.written) {
    const token = grant === undefined ? undefined : presentedBy(grant)
    if (token !== undefined && !stored.has(token)) stored.set(token, at)
  }
  return stored
}

const successorsOf = (ledger: ReadonlyArray<Ledger.Entry>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const successors = new Map<string, ReadonlyArray<string>>()
  for (const { kind, successor, token } of ledger) {
    if (token === undefined || successor === undefined || (kind !== "rotated" && kind !== "replayed")) continue
    successors.set(token, [...(successors.get(token) ?? []), successor])
  }
  return successors
}
