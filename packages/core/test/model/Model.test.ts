/** The protocol as built, searched whole: what cannot be lost, and which rule keeps it so. */
import { assert, describe, it } from "@effect/vitest"
import type { Server } from "./AsBuilt.ts"
import * as Search from "./Search.ts"
import * as State from "./State.ts"

describe("Model", () => {
  for (const server of ["static", "strict", "idempotent", "sibling"] as const) {
    describe(server, () => {
      for (const faults of rows) {
        const expected = exceptions[server].find((exception) =>
          exception.faults.length <= faults.length && exception.faults.every((fault) => faults.includes(fault))
        )
        const name = faults.length === 0 ? "itself" : faults.join(" and ")
        it(`${expected === undefined ? "loses nothing" : "loses a grant"} by ${name}`, () => {
          const { traces } = search(server, faults)

          assert.deepStrictEqual(wrongs(traces), expected?.shows ?? [])
        })
      }
    })
  }

  it("ends a grant whose newest pair reached nobody, and says so, only where the server forgives nothing", () => {
    const ends = (server: Server) => rows.filter((faults) => search(server, faults).traces.unreached !== undefined)

    assert.deepStrictEqual(ends("static"), [])
    assert.deepStrictEqual(ends("idempotent"), [
      ["crash", "window"],
      ["cut", "crash", "window"],
      ["cut", "drop", "window"],
      ["pause", "crash", "window"]
    ])
    assert.isTrue(["crash", "drop", "late"].every((fault) => ends("strict").some((faults) => faults.join() === fault)))
  }, 60_000)

  describe("turns red without", () => {
    for (const { faults, processes, rule, server, shows, steps } of needed) {
      it(`the rule ${rule}: ${server}, ${faults.join(" and ")}`, () => {
        const kept = search(server, faults, { processes })
        const { traces } = search(server, faults, { processes, without: [rule] })

        assert.isUndefined(kept.traces[shows])
        assert.strictEqual(traces[shows]?.length, steps, traces[shows]?.join("\n"))
      })
    }
  })

  it("knows a claim of its own by either of two ways: the write id, or nothing sent under it", () => {
    const without = (...rules: ReadonlyArray<State.Rule>) =>
      search("strict", ["unanswered", "withdraw"], { processes: 1, without: rules }).traces.doubted

    assert.isUndefined(without("own-write"))
    assert.isUndefined(without("own-claim"))
    assert.isDefined(without("own-write", "own-claim"))
  })
})

// every fault, and those that make trouble together
const together = ["crash", "drop", "late", "pause", "store", "unanswered", "login"] as const
const rows: ReadonlyArray<ReadonlyArray<State.Fault>> = [
  [],
  ...State.faults.map((fault) => [fault]),
  ...together.flatMap((one, at) => together.slice(at).map((other) => [one, other])),
  ["drop", "busy"],
  ["drop", "withdraw"],
  ["crash", "withdraw"],
  ["crash", "revoke"],
  ["revoke", "login"],
  ["pause", "window"],
  ["crash", "window"],
  ["read-only-long", "window"],
  ["read-only-long", "pause"],
  ["read-only-long", "cut"],
  ["cut", "store"],
  // away while another presents the token again inside the window, to no avail
  ["cut", "crash", "window"],
  ["cut", "drop", "window"],
  ["cut", "cut", "window"],
  ["cut", "unanswered", "window"],
  ["cut", "hung", "window"],
  ["pause", "crash", "window"],
  ["pause", "pause", "window"],
  ["pause", "store", "window"]
]

// what remains: see docs/decisions/0005-model.md
const exceptions: {
  readonly [K in Server]: ReadonlyArray<{
    readonly faults: ReadonlyArray<State.Fault>
    readonly shows: ReadonlyArray<string>
  }>
} = {
  static: [],
  strict: [
    { faults: ["pause-long"], shows: ["lost"] },
    { faults: ["cut-long"], shows: ["lost"] }
  ],
  idempotent: [],
  sibling: [
    { faults: ["late"], shows: ["lost", "misreported"] },
    ...(["crash", "drop", "cut", "unanswered", "hung"] as const).map((fault) => ({
      faults: ["cut", fault, "window"] as const,
      shows: ["lost"]
    })),
    ...(["crash", "pause", "store"] as const).map((fault) => ({
      faults: ["pause", fault, "window"] as const,
      shows: ["lost"]
    }))
  ]
}

const needed: ReadonlyArray<{
  readonly rule: State.Rule
  readonly server: Server
  readonly faults: ReadonlyArray<State.Fault>
  readonly processes?: number
  readonly shows: State.Verdict
  readonly steps: number
}> = [
  { rule: "lease", server: "idempotent", faults: ["cut"], shows: "lost", steps: 14 },
  { rule: "late", server: "idempotent", faults: ["cut", "unanswered", "window"], shows: "lost", steps: 11 },
  { rule: "settle", server: "strict", faults: ["cut", "store"], shows: "lost", steps: 14 },
  { rule: "patience", server: "strict", faults: ["late"], shows: "lost", steps: 10 },
  { rule: "patience", server: "strict", faults: ["pause"], shows: "lost", steps: 11 },
  { rule: "fence", server: "strict", faults: ["login"], shows: "lost", steps: 7 },
  { rule: "fence", server: "strict", faults: ["revoke"], shows: "returned", steps: 6 },
  { rule: "adopt", server: "strict", faults: ["withdraw", "login"], shows: "lost", steps: 8 },
  { rule: "own-claim", server: "strict", faults: ["hung", "withdraw"], processes: 1, shows: "doubted", steps: 12 },
  { rule: "own-login", server: "strict", faults: ["login", "unanswered"], shows: "lost", steps: 11 },
  { rule: "unresolved", server: "strict", faults: ["drop", "busy"], shows: "misreported", steps: 17 },
  { rule: "open", server: "strict", faults: ["pause"], shows: "lost", steps: 12 },
  { rule: "repeat", server: "idempotent", faults: ["cut", "drop", "window"], shows: "lost", steps: 16 },
  { rule: "unsaved", server: "strict", faults: ["store", "store"], shows: "lost", steps: 14 }
]

const search = (
  server: Server,
  faults: ReadonlyArray<State.Fault>,
  options?: { readonly processes?: number | undefined; readonly without?: ReadonlyArray<State.Rule> }
): Search.Result => {
  const { processes = 2, without = [] } = options ?? {}
  const key = [server, ...faults, processes, ...without].join()
  const known = found.get(key)
  if (known !== undefined) return known
  const result = Search.run({ server, processes, pairs: 2, without: new Set(without) }, Search.budget(faults))
  found.set(key, result)
  return result
}

const found = new Map<string, Search.Result>()

const wrongs = (traces: Search.Result["traces"]): ReadonlyArray<string> =>
  (["lost", "misreported", "returned", "stuck"] as const).filter((what) => traces[what] !== undefined)
