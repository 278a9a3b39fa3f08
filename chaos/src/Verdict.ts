/**
 * What a run has shown, counted from the server's ledger: which grants were lost and whose doing it was, and which
 * presentations of replaced tokens should not have been. The processes' own words count only against them.
 */
import { type Ledger, type Lineage, live, type Presentation, type Token } from "./Ledger.ts"
import type * as Settings from "./Settings.ts"

/** A grant that was lost. */
export interface Lost {
  readonly grant: string
  readonly reason: string
}

/** Numbers about the grants at one of the two servers. */
export interface Count {
  readonly renewals: number
  readonly lost: ReadonlyArray<Lost>
  readonly forbiddenReplays: number
  /**
   * Presentations of a token whose successor no process and no store had: how a client learns from a server without a
   * window that a pair is lost.
   */
  readonly probes: number
  /** Presentations of a replaced token within the window. */
  readonly replays: number
}

/** What a run has shown. */
export interface Verdict {
  readonly windowed: Count
  readonly strict: Count
  /** What must not be, in words. */
  readonly faults: ReadonlyArray<string>
  /** Refresh tokens of earlier logins that the server still honours, though no store holds them. */
  readonly orphans: number
}

/** What is known when a run is over. */
export interface Evidence {
  readonly ledger: Pick<Ledger, "lineages" | "presentations">
  /** When each refresh token was first known to stand in the store. */
  readonly stood: ReadonlyMap<string, number>
  /** When each process was killed that was. */
  readonly killed: ReadonlyMap<string, number>
  /** What the store holds at the end, by account. */
  readonly standing: ReadonlyMap<string, Standing>
  /** How long the server with a window answers a replaced token. */
  readonly window: number
}

/** A record at the end. */
export interface Standing {
  /** The digest of its refresh token. */
  readonly token: string | undefined
  readonly state: string
  /** Why it ended, where it has. */
  readonly why: string | undefined
}

/** Judges a run. */
export const judge = (evidence: Evidence): Verdict => {
  const { ledger, standing } = evidence
  const losses = ledger.lineages.flatMap((lineage): ReadonlyArray<Loss> => {
    const loss = lossOf(lineage, evidence)
    return loss === undefined ? [] : [loss]
  })
  const replays = ledger.presentations.flatMap((presentation) => {
    const judgement = judgeReplay(presentation, evidence)
    return judgement === undefined ? [] : [{ presentation, judgement }]
  })
  const forbidden = replays.filter(({ judgement }) => forbiddenOnes.has(judgement))

  const count = (kind: Settings.Kind): Count => {
    const those = replays.filter(({ presentation }) => presentation.token.lineage.kind === kind)
    return {
      renewals:
        ledger.presentations.filter(({ outcome, token }) => outcome === "rotated" && token.lineage.kind === kind)
          .length,
      lost: losses.filter(({ lineage }) => lineage.kind === kind)
        .map(({ lineage, reason }) => ({ grant: lineage.account, reason })),
      forbiddenReplays: those.filter(({ judgement }) => forbiddenOnes.has(judgement)).length,
      probes: those.filter(({ judgement }) => judgement === "probe").length,
      replays: those.filter(({ judgement }) => judgement === "within the window").length
    }
  }
  const orphans = ledger.lineages.filter((lineage) => {
    const token = live(lineage)
    return token !== undefined && standing.get(lineage.account)?.token !== token.digest && wasTaken(token, evidence)
  })

  return {
    windowed: count("windowed"),
    strict: count("strict"),
    orphans: orphans.length,
    faults: [
      ...losses.flatMap(({ isOurs, lineage, reason }) =>
        isOurs || lineage.kind === "windowed" ? [`${lineage.account} was lost: ${reason}`] : []
      ),
      ...losses.flatMap(({ lineage, told }) =>
        told === undefined || told === "RotationLost" ? [] : [`${lineage.account} was lost and reported as ${told}`]
      ),
      ...forbidden.map(({ judgement, presentation: { by, token } }) =>
        `${token.lineage.account}: token ${token.serial} was presented by ${by}, though ${judgement}`
      )
    ]
  }
}

interface Loss {
  readonly lineage: Lineage
  readonly reason: string
  /** Whether the harness had no part in it. */
  readonly isOurs: boolean
  /** What the process said that noticed. */
  readonly told: string | undefined
}

// Why a login is of no use any more; nothing where it is.
const lossOf = (lineage: Lineage, evidence: Evidence): Loss | undefined => {
  const { account, ended, tokens } = lineage
  const next = evidence.ledger.lineages.find((other) =>
    other.account === account && other.startedAt > lineage.startedAt
  )
  const told = next === undefined ? evidence.standing.get(account)?.why : next.why
  const refused = tokens.find((token) => token.presentations.some(({ outcome }) => outcome === "refused"))
  if (refused !== undefined) return { lineage, told, ...fateOf(refused, evidence) }
  if (ended !== undefined) return undefined
  // a login whose answer was not kept is no grant yet
  if (!tokens.some(({ digest }) => evidence.stood.has(digest))) return undefined
  const newest = live(lineage)
  // two logins at once: the second began before the first was kept, and the later one wins
  const keptAt = Math.min(...tokens.map(({ digest }) => evidence.stood.get(digest) ?? Infinity))
  if (next !== undefined && next.startedAt < keptAt) return undefined
  if (next !== undefined) {
    return { lineage, told, isOurs: true, reason: "given up, though the server still honoured it" }
  }
  const end = evidence.standing.get(account)
  if (end === undefined || end.token === newest?.digest) return undefined
  const held = tokens.find(({ digest }) => digest === end.token)
  return held === undefined
    ? { lineage, told, isOurs: true, reason: `the store holds no token of it at the end (${end.state})` }
    : { lineage, told, ...fateOf(held, evidence) }
}

// What became of the pair that replaced a token.
const fateOf = (token: Token, { killed, stood }: Evidence): Pick<Loss, "reason" | "isOurs"> => {
  const { successor } = token
  if (successor === undefined) return { isOurs: true, reason: "refused, though it had not been replaced" }
  if (stood.has(successor.digest)) return { isOurs: true, reason: "its successor stood in the store" }
  const taken = successor.deliveries.filter(({ outcome }) => outcome !== "dropped")
  if (taken.length === 0) return { isOurs: false, reason: "answer dropped after rotation" }
  return taken.every(({ to }) => killed.has(to))
    ? { isOurs: false, reason: "holder killed before its commit" }
    : { isOurs: true, reason: "its successor was held by a living process" }
}

const wasTaken = ({ deliveries, serial }: Token, { killed }: Evidence): boolean =>
  serial > 1 && deliveries.some(({ outcome, to }) => outcome === "delivered" && !killed.has(to))

type Judgement = "within the window" | "probe" | Forbidden

type Forbidden = "the store had its successor" | "a living process had its successor" | "the window had closed"

const forbiddenOnes: ReadonlySet<Judgement> = new Set([
  "the store had its successor",
  "a living process had its successor",
  "the window had closed"
])

// What to think of a presentation, where it is one of a token that had been replaced before.
const judgeReplay = (
  { at, outcome, token }: Presentation,
  { killed, stood, window }: Evidence
): Judgement | undefined => {
  const { lineage, presentations, spentAt, successor } = token
  if (outcome === "rotated" || outcome === "failed" || spentAt === undefined || spentAt > at) return undefined
  if (successor !== undefined && (stood.get(successor.digest) ?? Infinity) < at) return "the store had its successor"
  const first = presentations.find(({ outcome }) => outcome !== "failed")?.at ?? at
  if (lineage.kind === "windowed") return at < first + window ? "within the window" : "the window had closed"
  const taken = successor?.deliveries.filter((delivery) => delivery.outcome !== "dropped") ?? []
  return taken.every(({ to }) => (killed.get(to) ?? Infinity) < at) ? "probe" : "a living process had its successor"
}
