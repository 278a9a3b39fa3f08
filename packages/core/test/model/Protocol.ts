/**
 * The refresh protocol as a system of states and moves, to be searched whole.
 *
 * What a process does with a record that it read, and what it writes for what
 * it heard, is decided by the library itself (`AsBuilt.ts`). The order of events
 * around that (`renewal.ts`, `custody.ts`, `grants.ts`) is modelled here, as are
 * the store, the network, the server and what befalls them.
 *
 * Time is a set of orders rather than a number. A living process that reaches
 * the store acts before a lease runs out and before a settle time is over. A
 * request that nothing holds up is processed before a claim settles. What is
 * held up, paused or cut off for a short while ends before a rest does; what is
 * so for long may outlast it. A rest never ends by itself while it matters.
 *
 * Not in it: a store that goes back in time, the escrow, answers that fail a
 * check, the brake and the breaker, several targets, what callers are told.
 */

import * as AsBuilt from "./AsBuilt.ts"
import { copy, type Fault, fresh, type Message, type Options, type Process, type State } from "./State.ts"

export interface Move {
  readonly what: string
  readonly state: State
  readonly fault?: Fault | undefined
  /** Brings a process back: nobody else may depend on it. */
  readonly revives?: boolean
}

/** Everything that may happen next. */
export const moves = (state: State, options: Options, allowed: (fault: Fault) => boolean): Array<Move> => {
  const { server, without } = options
  const out: Array<Move> = []
  const add = (what: string, change: (next: State) => void, kind?: { fault?: Fault; revives?: boolean }): void => {
    if (kind?.fault !== undefined && !allowed(kind.fault)) return
    const next = copy(state)
    change(next)
    out.push({ what, state: next, ...kind })
  }
  const { processes, record } = state
  const family = state.families[record.lineage]!

  const isWell = (p: Process): boolean => p.doing !== "down" && p.is === "well"
  const reads = (p: Process): boolean => isWell(p) && p.cut === "no" && state.store !== "store"
  const writes = (p: Process): boolean => reads(p) && state.store === "up"
  const holds = (p: Process): boolean => p.claim?.version === record.version
  // what stands where a claim stood that holds no more, for whoever holds what no one else has
  const contest = (p: Process): "yields" | "open" | "stands" => {
    if (p.save?.precious !== true || holds(p)) return "stands"
    const claim = p.claim!
    const rule = record.attempt > claim.attempt ? "repeat" : "open"
    const settled = !state.messages.some((m) => m.heard === undefined && !m.late)
    return without.has(rule) ? "stands" : AsBuilt.contest(server, record, claim, p.save.draft, settled)
  }
  const opens = (p: Process): boolean => contest(p) === "yields"
  const isAwaited = (m: Message): boolean =>
    processes[m.to]!.doing === "waiting" && processes[m.to]!.request === m.request
  const stragglers = state.messages.filter((m) => m.heard === undefined && !(isAwaited(m) && isWell(processes[m.to]!)))
  const answered = state.messages.some((m) => isAwaited(m) && isWell(processes[m.to]!))
  const arrived = !state.messages.some((m) => m.heard === undefined)
  // someone who comes before whoever waits for the claim to settle
  const firstCome = (except: number): boolean =>
    processes.some((p, i) =>
      i !== except &&
      (p.doing === "claiming" ? writes(p) : (holds(p) || opens(p)) && (p.doing === "waiting" ? reads(p) : writes(p)))
    )

  // one write: answered, or met by a fault
  const write = (
    what: string,
    draft: AsBuilt.Draft,
    expected: number,
    then: {
      readonly done: (next: State) => void
      readonly lost?: (next: State, writeId: number) => void
      readonly writeId?: number
    },
    always = false
  ): void => {
    const stands = (s: State): boolean => always || s.record.version === expected
    const begin = (s: State): number => then.writeId ?? s.ids++
    add(what, (s) => {
      const writeId = begin(s)
      if (stands(s)) put(s, draft, writeId)
      then.done(s)
    })
    if (then.lost === undefined) return
    const lose = then.lost
    add(`${what}: it fails`, (s) => lose(s, begin(s)), { fault: "failed" })
    if (!stands(state)) return
    add(`${what}: it is applied and not answered`, (s) => {
      const writeId = begin(s)
      put(s, draft, writeId)
      lose(s, writeId)
    }, { fault: "unanswered" })
    if (always) return
    add(`${what}: it hangs`, (s) => {
      const writeId = begin(s)
      s.hung.push({ expected, writeId, draft })
      lose(s, writeId)
    }, { fault: "hung" })
  }

  // what `conclude` says, and what becomes of it
  const hear = (next: State, i: number, heard: AsBuilt.Heard): void => {
    const p = next.processes[i]!
    const claim = p.claim!
    const said = AsBuilt.conclude(server, claim, heard, p.lost)
    const conclusion = without.has("unresolved") && (heard === "busy" || heard === "unsent")
      ? { ...said, draft: { ...said.draft, state: "Active" as const, attempt: 0 } }
      : said
    p.doing = "saving"
    p.save = { ...conclusion, writeId: next.ids++ }
    p.request = -1
    if (typeof heard === "number") {
      const source = next.families[claim.lineage]!
      if (heard === source.newest) source.reached = true
    }
  }

  processes.forEach((p, i) => {
    const me = (next: State): Process => next.processes[i]!
    const rest = (next: State): void => {
      next.processes[i] = { ...me(next), ...fresh, neverSent: me(next).neverSent, watched: me(next).watched }
    }
    const mayLook = p.doing === "idle" ||
      (p.doing === "saving" && without.has("unsaved") && p.save?.precious === true && !record.leased)

    if (reads(p) && mayLook && record.serial < options.pairs) {
      const calm = !state.messages.some((m) => m.heard === undefined && !m.late) &&
        !firstCome(p.doing === "idle" ? -1 : i)
      const settled = without.has("settle") || p.watched || calm
      const step = AsBuilt.decide(server, record, { neverSent: without.has("own-claim") ? -1 : p.neverSent, settled })
      // what is held up of an earlier pair is over before the next is renewed
      const isSoon = record.state === "Active" && stragglers.some((m) => m.token !== record.token)
      if (step._tag === "Claim" && writes(p) && !isSoon) {
        const claimed = (next: State): void => {
          me(next).doing = "claimed"
          me(next).claim = next.record
          me(next).lost = me(next).late = false
          me(next).save = undefined
        }
        write(
          `${i} claims`,
          step.draft,
          record.version,
          {
            done: (next) => {
              me(next).neverSent = next.record.writeId
              claimed(next)
            },
            lost: (next, writeId) => {
              me(next).neverSent = writeId
              me(next).doing = "claiming"
              me(next).claim = record
            }
          }
        )
      }
      if (step._tag === "Write" && writes(p)) write(`${i} lets it rest`, step.draft, record.version, { done: () => {} })
      if (
        state.store !== "up" && !p.watched && !state.messages.some((m) => m.heard === undefined && !m.late) &&
        step._tag !== "Wait" && record.state === "Renewing"
      ) {
        add(`${i} watches the claim settle`, (next) => {
          me(next).watched = true
        })
      }
    }

    if (p.doing === "claiming") {
      if (reads(p)) {
        add(`${i} looks up its claim`, (next) => {
          if (record.writeId !== p.neverSent) return rest(next)
          if (without.has("own-write")) {
            // it goes on with what stands, and may know that as a claim under which it sent nothing
            const step = AsBuilt.decide(server, record, {
              neverSent: without.has("own-claim") ? -1 : p.neverSent,
              settled: false
            })
            if (step._tag !== "Claim" || !writes(p)) return rest(next)
            me(next).neverSent = next.ids++
            put(next, step.draft, me(next).neverSent)
          }
          me(next).doing = "claimed"
          me(next).claim = next.record
          me(next).lost = false
        })
        add(`${i} cannot look up its claim`, rest, { fault: "failed" })
      } else if (isWell(p)) add(`${i} cannot look up its claim`, rest)
    }

    if (p.doing === "claimed" && isWell(p)) {
      const mayStillSend = !p.late || without.has("late")
      if ((record.leased && holds(p) && mayStillSend) || without.has("lease")) {
        add(`${i} sends`, (next) => {
          const claim = p.claim!
          me(next).doing = "waiting"
          me(next).neverSent = -1
          me(next).request = next.ids
          next.messages.push({ to: i, request: next.ids++, token: claim.token, heard: undefined, late: false })
          const source = next.families[claim.lineage]!
          if (claim.token >= source.sent) source.sends = claim.token === source.sent ? 2 : 1
          source.sent = Math.max(source.sent, claim.token)
        })
      } else add(`${i} sees its lease gone`, (next) => hear(next, i, "unsent"))
    }

    if (p.doing === "waiting" && isWell(p) && holds(p) && !record.leased && writes(p)) {
      add(`${i} moves its lease`, (next) => {
        next.record = { ...record, leased: true, resting: false }
        next.shaken = false
        next.processes.forEach((q) => q.watched = false)
      })
    }

    if (p.doing === "saving" && isWell(p)) {
      const save = p.save!
      // only while the window is still open
      if (save.again && AsBuilt.conclude(server, p.claim!, "nothing", p.lost).again) {
        add(`${i} tries again`, (next) => {
          me(next).doing = "claimed"
          me(next).lost = true
          me(next).save = undefined
        })
      }
      const isEnd = save.draft.state === "ReauthorizationRequired"
      const always = without.has(isEnd ? "adopt" : "fence") && save.precious
      if (contest(p) === "open") {
        // whoever claimed it comes to an answer, or to none
      } else if (writes(p)) {
        write(
          `${i} saves ${AsBuilt.spell(save.draft)}`,
          save.draft,
          opens(p) ? record.version : p.claim!.version,
          { done: rest, lost: save.precious ? () => {} : rest, writeId: save.writeId },
          always
        )
      } else if (!save.precious) add(`${i} cannot save`, rest)
    }

    if (isWell(p)) {
      add(`${i} is stopped for a while`, (next) => {
        me(next).is = "paused"
      }, { fault: "pause" })
      add(`${i} is stopped for long`, (next) => {
        me(next).is = "stopped"
      }, { fault: "pause-long" })
      if (p.cut === "no") {
        add(`${i} is cut off for a while`, (next) => {
          me(next).cut = "short"
        }, { fault: "cut" })
        add(`${i} is cut off for long`, (next) => {
          me(next).cut = "long"
        }, { fault: "cut-long" })
      }
    }
    if (p.cut !== "no") {
      add(`${i} reaches the store again`, (next) => {
        me(next).cut = "no"
      }, { revives: p.cut === "long" })
    }
    if (p.doing !== "down" && p.is !== "well") {
      add(`${i} goes on`, (next) => {
        me(next).is = "well"
      }, { revives: p.is === "stopped" })
    }
    if (p.doing === "down") {
      add(`${i} restarts`, (next) => {
        next.processes[i] = { ...fresh, is: "well", cut: "no" }
      }, { revives: true })
    } else {
      add(`${i} is killed`, (next) => {
        const held = p.save?.precious === true ? p.save.draft : undefined
        const isAlone = !processes.some((q, j) => j !== i && q.save?.draft.token === held?.token)
        if (held !== undefined && isAlone && record.token !== held.token) next.families[held.lineage]!.reached = false
        next.processes[i] = { ...fresh, doing: "down", is: "well", cut: "no" }
      }, { fault: "crash" })
    }
  })

  state.messages.forEach((m, k) => {
    const awaited = isAwaited(m)
    const gone = (next: State): void => {
      next.messages.splice(k, 1)
      if (awaited) hear(next, m.to, "nothing")
    }
    if (m.heard === undefined) {
      add(`the server gets ${m.token} of ${m.to}`, (next) => {
        next.messages[k]!.heard = present(next, m.token, server)
        if (!awaited) next.messages.splice(k, 1)
      })
      add(`the request of ${m.to} is lost`, gone, { fault: "drop" })
      if (!awaited) return
      add(`the server is too busy for ${m.to}`, (next) => {
        next.messages[k]!.heard = "busy"
      }, { fault: "busy" })
      if (isWell(processes[m.to]!)) {
        add(`${m.to} gives up a request that is held up`, (next) => {
          next.messages[k]!.late = true
          hear(next, m.to, "nothing")
        }, { fault: "late" })
      }
      return
    }
    if (!awaited) return add(`the answer for ${m.to} finds nobody`, (next) => void next.messages.splice(k, 1))
    if (isWell(processes[m.to]!)) {
      add(`${m.to} hears ${m.heard}`, (next) => {
        next.messages.splice(k, 1)
        hear(next, m.to, m.heard!)
      })
    }
    add(`the answer for ${m.to} is lost`, gone, { fault: "drop" })
    if (typeof m.heard === "number") {
      add(`the answer for ${m.to} brings no refresh token`, (next) => {
        next.messages[k]!.heard = "kept"
      }, { fault: "kept" })
    }
  })

  state.hung.forEach((h, k) => {
    add(`a write that hung arrives`, (next) => {
      next.hung.splice(k, 1)
      if (next.record.version === h.expected) put(next, h.draft, h.writeId)
    })
  })

  if (record.leased) {
    const isKept = !state.shaken &&
      processes.some((p) => p.doing === "claiming" ? reads(p) : holds(p) && reads(p) && p.doing !== "idle")
    if (!isKept) {
      add("the lease runs out", (next) => {
        next.record = { ...record, leased: false, resting: true }
        next.processes.forEach((q) => q.watched = false)
      })
    }
  }
  if (record.resting) {
    const away = state.store === "read-only" ||
      processes.some((p) => p.doing !== "down" && (p.is === "paused" || p.cut === "short"))
    if (without.has("patience") || (arrived && !answered && !away && !firstCome(-1))) {
      add("the rest is over", (next) => {
        next.record = { ...record, resting: false }
        if (family.closed !== "") next.families[record.lineage]!.closed = "rested"
      })
    }
  }

  if (state.store === "up") {
    const losses = {
      "store": "goes down",
      "read-only": "takes no writes",
      "read-only-long": "takes no writes for long"
    }
    for (const fault of ["store", "read-only", "read-only-long"] as const) {
      add(`the store ${losses[fault]}`, (next) => {
        next.store = fault
        if (record.leased) next.shaken = true
      }, { fault })
    }
  } else {
    add("the store is back", (next) => {
      next.store = "up"
    })
  }

  // a tenth of the window is left for a claim that is made in it, and for its way to the server
  if (family.open && arrived && !processes.some((p) => p.doing === "claimed" && p.claim?.early === true && isWell(p))) {
    add("the window closes", (next) => {
      Object.assign(next.families[record.lineage]!, { open: false, closed: "resting" })
      if (next.record.early) next.record = rested(next, { ...next.record, early: false })
      for (const p of next.processes) {
        if (p.claim?.early !== true) continue
        p.claim = { ...p.claim, early: false }
        p.late = p.doing === "claiming" || p.claim.attempt > 1
      }
    }, { fault: "window" })
  }
  if (family.dead === "") {
    add("the person withdraws the grant at the server", (next) => {
      next.families[record.lineage]!.dead = "withdrawn"
    }, { fault: "withdraw" })
  }
  if (record.state !== "Revoked" && state.store === "up") {
    add("the person revokes the grant", (next) => {
      put(next, { ...record, ...plain, state: "Revoked" }, next.ids++)
      next.revoked = record.lineage
    }, { fault: "revoke" })
  }

  // a login has a writer of its own, which tries until it knows
  if (state.login === "none") {
    add("the person logs in", (next) => {
      next.login = "writing"
      next.families.push({
        newest: 100,
        before: -1,
        open: false,
        closed: "",
        dead: "",
        reached: true,
        sent: -1,
        sends: 0
      })
    }, { fault: "login" })
  }
  if (state.login === "writing" && state.store === "up") {
    const draft: AsBuilt.Draft = { ...plain, state: "Active", lineage: 1, serial: 0, token: 100 }
    const again = state.loginWrite
    if (again !== undefined && again.expected !== record.version && again.writeId !== record.writeId) {
      add("the login reads again", (next) => {
        next.loginWrite = undefined
        if (record.lineage === 1 && !without.has("own-login")) next.login = "done"
      })
    } else {
      const expected = again?.expected ?? record.version
      write("the login is written", draft, expected, {
        done: (next) => {
          next.login = "done"
          next.loginWrite = undefined
        },
        lost: (next, writeId) => {
          next.loginWrite = { expected, writeId }
        },
        ...(again === undefined ? {} : { writeId: again.writeId })
      })
    }
  }
  return out
}

const plain = { why: "", kept: false, attempt: 0, early: false, inside: false, leased: false, resting: false } as const

const put = (state: State, draft: AsBuilt.Draft, writeId: number): void => {
  state.record = { ...rested(state, draft), version: state.ids++, writeId }
  state.shaken = false
  for (const p of state.processes) p.watched = false
}

// what may have been presented up to the end of a window rests from then
const rested = <D extends AsBuilt.Draft>(state: State, draft: D): D => {
  const { closed } = state.families[draft.lineage]!
  return {
    ...draft,
    early: draft.early && closed === "",
    resting: draft.resting || (draft.state === "Indeterminate" && closed === "resting")
  }
}

// what the server does with a refresh token
const present = (state: State, token: number, server: AsBuilt.Server): AsBuilt.Heard => {
  const family = state.families[token < 100 ? 0 : 1]!
  if (family.dead !== "") return "refused"
  if (server === "static") return token
  if (token === family.newest) {
    family.before = token
    family.newest = token + 1
    family.open = AsBuilt.hasWindow(server)
    family.closed = ""
    family.reached = false
    return family.newest
  }
  if (token === family.before && family.open) {
    if (server === "idempotent") return family.newest
    // a saved pair that dies by this was lost by us
    family.reached = state.record.token === family.newest
    return ++family.newest
  }
  family.dead = "reuse"
  return "refused"
}
