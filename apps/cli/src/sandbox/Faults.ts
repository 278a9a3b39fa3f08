/**
 * What can be made to go wrong, for the next request that matches.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { OutgoingHttpHeaders } from "node:http"
import type { Dress, Endpoint, Subject } from "./Ledger.ts"

/** Which requests are meant; what is left out matches everything. */
export interface Where {
  readonly dress?: Dress | undefined
  readonly endpoint?: Endpoint | undefined
  readonly grantType?: string | undefined
  readonly client?: string | undefined
}

/** Refresh requests: what is meant where nothing is said. */
export const refreshes: Where = { endpoint: "token", grantType: "refresh_token" }

/** A request that is kept waiting: nothing was done with it yet. */
export interface Held {
  readonly id: string
  /** What was held, once it has arrived. */
  readonly arrived: Effect.Effect<Subject>
  /** Lets the server process it. */
  readonly release: Effect.Effect<void>
  /** Ends its connection; the server never sees it. */
  readonly drop: Effect.Effect<void>
}

/** What goes wrong. */
export type Fault =
  | {
    readonly _tag: "Hold"
    readonly arrived: Deferred.Deferred<Subject>
    readonly verdict: Deferred.Deferred<"release" | "drop">
  }
  /** Processes the request, then ends the connection without an answer. */
  | { readonly _tag: "DropAnswer" }
  /** Answers with a failure; `processed` says whether the server does the work all the same. */
  | {
    readonly _tag: "Fail"
    readonly status: number
    /** An OAuth error; otherwise the answer is a page. */
    readonly error: string | undefined
    readonly processed: boolean
    readonly headers: OutgoingHttpHeaders
  }
  /** An API answers that it does not know the token, or any token. */
  | { readonly _tag: "RefuseToken"; readonly presented: string | undefined }

/** Faults that wait for their request. */
export interface Faults {
  readonly hold: (where?: Where) => Effect.Effect<Held>
  readonly held: (id: string) => Held | undefined
  readonly add: (fault: Fault, where: Where, times?: number) => Effect.Effect<void>
  /** Takes the first fault of that kind that waits for such a request. */
  readonly take: <Tag extends Fault["_tag"]>(tag: Tag, subject: Subject) => Extract<Fault, { _tag: Tag }> | undefined
  /** Forgets all that wait; held requests are let through. */
  readonly clear: Effect.Effect<void>
}

interface Waiting {
  readonly fault: Fault
  readonly where: Where
  times: number
}

/** Makes a set of no faults. */
export const make: Effect.Effect<Faults> = Effect.sync(() => {
  let waiting: Array<Waiting> = []
  const holds = new Map<string, Held>()
  let serial = 0

  const add = (fault: Fault, where: Where, times = 1) => Effect.sync(() => void waiting.push({ fault, where, times }))

  return {
    hold: Effect.fnUntraced(function*(where = refreshes) {
      const arrived = yield* Deferred.make<Subject>()
      const verdict = yield* Deferred.make<"release" | "drop">()
      const id = String(++serial)
      const settle = (how: "release" | "drop") =>
        Effect.andThen(Deferred.succeed(verdict, how), Effect.sync(() => void holds.delete(id)))
      const held: Held = { id, arrived: Deferred.await(arrived), release: settle("release"), drop: settle("drop") }
      holds.set(id, held)
      yield* add({ _tag: "Hold", arrived, verdict }, where)
      return held
    }),
    held: (id) => holds.get(id),
    add,
    take: <Tag extends Fault["_tag"]>(tag: Tag, subject: Subject) => {
      for (const entry of waiting) {
        const { fault, where } = entry
        if (!isTagged(fault, tag) || !matches(where, subject) || !isFor(fault, subject)) continue
        if (--entry.times <= 0) waiting = waiting.filter((other) => other !== entry)
        return fault
      }
      return undefined
    },
    clear: Effect.suspend(() => {
      waiting = []
      return Effect.forEach([...holds.values()], (held) => held.release, { discard: true })
    })
  }
})

const isTagged = <Tag extends Fault["_tag"]>(fault: Fault, tag: Tag): fault is Extract<Fault, { _tag: Tag }> =>
  fault._tag === tag

const isFor = (fault: Fault, subject: Subject): boolean =>
  fault._tag !== "RefuseToken" || fault.presented === undefined || fault.presented === subject.presented

const matches = (where: Where, subject: Subject): boolean =>
  (where.dress === undefined || where.dress === subject.dress) &&
  (where.endpoint === undefined || where.endpoint === subject.endpoint) &&
  (where.grantType === undefined || where.grantType === subject.grantType) &&
  (where.client === undefined || where.client === subject.client)
