/**
 * A state of the model: one grant, its record in a store, the processes, the
 * network and the server; what can befall them; and what a state shows.
 */
import * as AsBuilt from "./AsBuilt.ts"

/** What can go wrong; each has a budget. */
export const faults = [
  /** A process is killed; it restarts with nothing. */
  "crash",
  /** A request or an answer is lost. */
  "drop",
  /** A request is given up and processed later. */
  "late",
  /** An answer brings an access token and no refresh token. */
  "kept",
  /** The server says that it did not process the request. */
  "busy",
  /** A process is stopped, for less than lease, settle time and patience together. */
  "pause",
  /** A process is stopped for longer. */
  "pause-long",
  /** One process does not reach the store, for less than lease, settle time and patience together. */
  "cut",
  /** One process does not reach the store for longer. */
  "cut-long",
  /** Nobody reaches the store. */
  "store",
  /** The store answers reads and takes no writes, for less than lease, settle time and patience together. */
  "read-only",
  /** The same, for longer. */
  "read-only-long",
  /** One write fails. */
  "failed",
  /** One write is applied and not answered. */
  "unanswered",
  /** One write is not answered, and applied later if its version still stands. */
  "hung",
  /** The server's window for a replaced token closes. */
  "window",
  /** The person withdraws the grant at the server. */
  "withdraw",
  /** The person revokes the grant here. */
  "revoke",
  /** The person logs in again. */
  "login"
] as const

export type Fault = (typeof faults)[number]

export type Budget = { readonly [K in Fault]?: number }

/** The rules that can be taken out. */
export const rules = [
  /** Nothing is sent under a lease that ran out. */
  "lease",
  /** Nothing is presented again after its window because it was claimed inside. */
  "late",
  /** A claim whose lease ran out stands for a while before another follows. */
  "settle",
  /** A token without an answer rests for longer than anything late takes. */
  "patience",
  /** Tokens are written only if the claim stands. */
  "fence",
  /** The end of a grant is written only if the claim stands. */
  "adopt",
  /** A write that was not answered is known by its id. */
  "own-write",
  /** A claim under which nothing was sent is known to its writer. */
  "own-claim",
  /** A login that was followed is known by its lineage. */
  "own-login",
  /** What is not resolved stays unresolved. */
  "unresolved",
  /** A pair is saved also over a record that only says that its claim has no known outcome. */
  "open",
  /** A pair is saved also over what others claimed for a repeat that brings the same pair, once they have got no answer. */
  "repeat",
  /** While a pair is not saved nothing is presented. */
  "unsaved"
] as const

export type Rule = (typeof rules)[number]

export interface Options {
  readonly server: AsBuilt.Server
  readonly processes: number
  /** How many pairs the search goes on for. */
  readonly pairs: number
  readonly without: ReadonlySet<Rule>
}

export interface Process {
  doing: "idle" | "claiming" | "claimed" | "waiting" | "saving" | "down"
  is: "well" | "paused" | "stopped"
  cut: "no" | "short" | "long"
  /** The claim that it holds. */
  claim: AsBuilt.Record | undefined
  /** An earlier request under this claim got no answer. */
  lost: boolean
  /** It claimed inside a window that has closed since, to present a token once more. */
  late: boolean
  request: number
  save: (AsBuilt.Conclusion & { readonly writeId: number }) | undefined
  neverSent: number
  /** It has watched the claim that stands settle. */
  watched: boolean
}

export interface Message {
  readonly to: number
  readonly request: number
  readonly token: number
  heard: AsBuilt.Heard | undefined
  late: boolean
}

interface Hung {
  readonly expected: number
  readonly writeId: number
  readonly draft: AsBuilt.Draft
}

interface Family {
  newest: number
  before: number
  open: boolean
  /** The window has closed, and what rests from then on does so still, or has done so. */
  closed: "" | "resting" | "rested"
  dead: "" | "reuse" | "withdrawn"
  /** The newest pair reached a process, and was not lost with it. */
  reached: boolean
  /** The newest token that was sent, and how often: once, or more. */
  sent: number
  sends: number
}

export interface State {
  record: AsBuilt.Record
  store: "up" | "store" | "read-only" | "read-only-long"
  /** The store went away since the lease was last moved. */
  shaken: boolean
  processes: Array<Process>
  messages: Array<Message>
  hung: Array<Hung>
  families: Array<Family>
  login: "none" | "writing" | "done"
  loginWrite: { readonly expected: number; readonly writeId: number } | undefined
  revoked: number
  ids: number
}

/** A grant that was authorized, and processes that know nothing. */
export const initial = (options: Options): State => ({
  record: {
    version: 0,
    writeId: 0,
    state: "Active",
    why: "",
    lineage: 0,
    serial: 0,
    token: 0,
    kept: false,
    attempt: 0,
    early: false,
    inside: false,
    leased: false,
    resting: false
  },
  store: "up",
  shaken: false,
  processes: Array.from({ length: options.processes }, () => ({ ...fresh, is: "well", cut: "no" })),
  messages: [],
  hung: [],
  families: [{ newest: 0, before: -1, open: false, closed: "", dead: "", reached: true, sent: -1, sends: 0 }],
  login: "none",
  loginWrite: undefined,
  revoked: -1,
  ids: 1
})

/** A process that knows nothing. */
export const fresh = {
  doing: "idle",
  claim: undefined,
  lost: false,
  late: false,
  request: -1,
  save: undefined,
  neverSent: -1,
  watched: false
} as const

/** What a state shows. */
export type Verdict =
  /** A grant has ended although its newest pair had reached a process that lived on; or a login was undone. */
  | "lost"
  /** A grant has ended, and its newest pair had reached nobody: that cannot be helped, only told. */
  | "unreached"
  /** The end is called the server's refusal, and an answer had been lost. */
  | "misreported"
  /** The end is called a lost answer, and the token was presented once. */
  | "doubted"
  /** A revoked grant is back. */
  | "returned"

/** What a state shows. */
export const verdict = (state: State): Verdict | undefined => {
  const { record } = state
  const family = state.families[record.lineage]!
  if (state.revoked === record.lineage && record.state !== "Revoked") return "returned"
  if (state.login === "done" && record.lineage === 0) return "lost"
  if (record.state === "Revoked") return undefined
  const hasEnded = record.state === "ReauthorizationRequired"
  if (hasEnded && record.why === "GrantRejected" && record.token !== family.newest) return "misreported"
  if (family.dead === "reuse" || (hasEnded && family.dead === "")) return family.reached ? "lost" : "unreached"
  return hasEnded && record.why === "RotationLost" && family.sends < 2 ? "doubted" : undefined
}

/** Whether there is nothing to look for beyond a state that shows this. */
export const isFinal = (state: State, verdict: Verdict | undefined): boolean =>
  verdict !== undefined && (verdict !== "unreached" || state.record.state === "ReauthorizationRequired")

/** Nothing is left to do. */
export const isOver = (state: State, options: Options): boolean =>
  state.record.serial >= options.pairs || state.record.state === "ReauthorizationRequired" ||
  state.record.state === "Revoked"

/** Whether somebody is there who should be able to go on without the others. */
export const isAttended = (state: State): boolean =>
  state.processes.some((p) => p.doing !== "down" && p.is === "well" && p.cut === "no")

/** A copy to be changed. */
export const copy = (state: State): State => ({
  ...state,
  processes: state.processes.map((p) => ({ ...p })),
  messages: state.messages.map((m) => ({ ...m })),
  hung: [...state.hung],
  families: state.families.map((f) => ({ ...f }))
})

/** A state in characters; states that differ only in names are spelled alike. */
export const spell = (state: State): string => {
  const { record } = state
  const writeId = (id: number): string => {
    if (id === record.writeId) return "!"
    const at = state.hung.findIndex((h) => h.writeId === id)
    return at < 0 ? "" : `h${AsBuilt.spell(state.hung[at]!.draft)}`
  }
  const version = (id: number | undefined): string => id === undefined ? "" : id === record.version ? "=" : "x"
  const seen = new Set<Message>()
  const processes = state.processes.map((p) => {
    const message = p.doing === "waiting" ? state.messages.find((m) => m.request === p.request) : undefined
    if (message !== undefined) seen.add(message)
    return [
      p.doing,
      p.is === "well" ? "" : p.is,
      p.cut === "no" ? "" : p.cut,
      version(p.claim?.version),
      p.claim === undefined ? "" : AsBuilt.spell(p.claim),
      p.lost ? "L" : "",
      p.late ? "T" : "",
      p.save === undefined
        ? ""
        : `${AsBuilt.spell(p.save.draft)}${p.save.again ? "a" : ""}${p.save.precious ? "p" : ""}${
          writeId(p.save.writeId)
        }`,
      writeId(p.neverSent),
      p.watched ? "w" : "",
      message === undefined ? "" : `${message.heard ?? "?"}`
    ].join(",")
  }).sort()
  const messages = state.messages.filter((m) => !seen.has(m)).map((m) =>
    `${m.token}${m.heard ?? "?"}${m.late ? "l" : ""}`
  )
  return [
    AsBuilt.spell(record),
    state.store,
    state.shaken ? "s" : "",
    processes.join(";"),
    messages.sort().join(","),
    state.hung.map((h) => `${AsBuilt.spell(h.draft)}${version(h.expected)}`).sort().join(","),
    state.families.map((f) =>
      `${f.newest}.${f.before}${f.open ? "o" : ""}${f.closed}${f.dead}${f.reached ? "r" : ""}${f.sent}.${f.sends}`
    ).join(","),
    state.login,
    state.loginWrite === undefined ? "" : `${version(state.loginWrite.expected)}${writeId(state.loginWrite.writeId)}`,
    state.revoked
  ].join("|")
}
