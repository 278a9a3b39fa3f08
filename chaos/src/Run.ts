/** A run: processes, servers and faults for a while, then a calm in which everything is brought to an end. */
import { Duration, Effect, type Scope } from "effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Client from "./Client.ts"
import * as Fleet from "./Fleet.ts"
import * as Journal from "./Journal.ts"
import { Ledger, live } from "./Ledger.ts"
import * as Server from "./Server.ts"
import * as Settings from "./Settings.ts"
import * as Store from "./Store.ts"
import * as Verdict from "./Verdict.ts"
import type * as Way from "./Way.ts"

export interface Options {
  readonly store: Way.Kind
  readonly seconds: number
  readonly seed: number
  /** How long the server with a window answers a replaced token, in milliseconds. */
  readonly window: number
  /** Where the ledger is written, line by line, where anybody wants to read it. */
  readonly ledger?: string | undefined
  /** Told how the run goes. */
  readonly say: (line: string) => void
}

/** What a run comes to: the line that it ends with. */
export interface Result {
  readonly store: Way.Kind
  readonly seconds: number
  readonly processes: number
  readonly grants: number
  readonly kills: number
  /** Refresh tokens that the server replaced. */
  readonly renewals: number
  /** Access tokens that were used at the server. */
  readonly calls: number
  readonly lost: ReadonlyArray<Verdict.Lost>
  readonly forbiddenReplays: number
  /** The longest that a caller waited for a token, failures and further attempts included. */
  readonly maxWaitMs: number
  readonly withWindow: Verdict.Count
  readonly withoutWindow: Verdict.Count
  readonly window: { readonly windowMs: number; readonly leaseMs: number; readonly settleMs: number }
  readonly stops: number
  readonly outages: { readonly count: number; readonly longestMs: number }
  readonly cuts: number
  readonly mishaps: Readonly<Record<string, number>>
  readonly uses: Omit<Server.Uses, "calls" | "maxWaitMs">
  readonly orphans: number
  readonly seed: number
  /** What must not be. */
  readonly faults: ReadonlyArray<string>
}

/** Runs chaos for a while. */
export const run = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Result, never, Scope.Scope> {
  const { say, seconds } = options
  const chance = chances(options.seed)
  const between = (least: number, most: number) => least + chance() * (most - least)
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-oauth-chaos-"))),
    (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* Store.make(options.store)
  if (store.user !== undefined) Fs.chownSync(directory, store.user.uid, store.user.gid)
  const ledger = new Ledger(options.ledger)
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => Server.listen(ledger, { window: options.window })),
    (server) => Effect.promise(server.close)
  )
  const client = yield* Client.make({
    name: "harness",
    way: store.direct,
    origin: server.origin,
    journal: Path.join(directory, "harness.journal"),
    window: options.window,
    isFirst: false
  })
  yield* Effect.forEach(Settings.accounts, (account) => login(client, server, account), { concurrency: 8 })
  yield* store.handOver
  const fleet = yield* Fleet.make({
    script: "worker.ts",
    store,
    origin: server.origin,
    directory,
    window: options.window
  })
  const places = Array.from({ length: Settings.processes }, (_, place) => place)
  const ready = new Set<number>()
  const launch = async (place: number) => {
    const { child, line } = fleet.start(place)
    if (await line() === undefined) return
    ready.add(place)
    ledger.note("ready", place)
    // what else it says is passed over
    child.stdout?.resume()
  }
  yield* Effect.promise(() => launch(0))
  yield* Effect.promise(() => Promise.all(places.slice(1).map(launch)))
  say(
    `${Settings.processes} processes, ${Settings.grants} grants, half of them with a replay window of ${
      options.window / 1000
    } s: it covers the lease (${Settings.lease / 1000} s), the settle time (${Settings.settle / 1000} s) and the `
      + `longest outage (${Settings.outage.longest / 1000} s), and holders that are killed one after the other`
  )

  const counts = { kills: 0, stops: 0, outages: 0, longestOutage: 0, cuts: 0 }
  const mishaps: Record<string, number> = {}
  server.weather = (kind) => {
    let drawn = chance()
    let mishap: Settings.Mishap | undefined
    for (const each of Settings.mishaps) {
      if (mishap === undefined && (drawn -= Settings.odds[kind][each]) < 0) mishap = each
    }
    if (mishap !== undefined) mishaps[mishap] = (mishaps[mishap] ?? 0) + 1
    const most = mishap === "slow" ? Settings.latency.most : Settings.latency.usual
    return { mishap, delay: between(0, most) }
  }
  const deck: Array<string> = []
  const waiting: Array<string> = []
  // what each caller was dealt last, and before that: a token that is due is renewed while its caller goes on
  const dealt = new Map<string, Map<string, ReadonlyArray<string>>>()
  server.deal = (process, caller) => {
    // each twice, so that several processes want the same
    if (deck.length === 0) {
      const drawn = Settings.accounts.map(({ account }) => ({ account, at: chance() }))
      for (const { account } of drawn.sort((a, b) => a.at - b.at)) deck.push(account, account)
    }
    const account = waiting.shift() ?? deck.pop() ?? ""
    const callers = dealt.get(process) ?? new Map<string, ReadonlyArray<string>>()
    dealt.set(process, callers.set(caller, [account, ...callers.get(caller) ?? []].slice(0, 2)))
    return account
  }
  const somewhere = () => Math.floor(chance() * Settings.processes)
  // where a process does its work
  const atWork = () => {
    const places = [...ready].filter((place) =>
      server.usedBy(fleet.members[place]?.life.name ?? "") >= Settings.atLeast
    )
    return places[Math.floor(chance() * places.length)]
  }

  const kills = Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(between(250, 750))
    const place = atWork()
    if (place === undefined) return
    ready.delete(place)
    counts.kills++
    ledger.note("kill", place)
    const victim = fleet.members[place]?.life.name ?? ""
    yield* fleet.kill(place)
    // whoever waited there asks elsewhere
    waiting.push(...[...dealt.get(victim)?.values() ?? []].flat())
    void launch(place)
  }))
  const stops = Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(between(500, 2_000))
    const place = atWork()
    if (place === undefined) return
    const member = fleet.members[place]
    counts.stops++
    ledger.note("stop", place)
    yield* fleet.signal(place, "SIGSTOP")
    yield* Effect.sleep(between(Settings.stop.shortest, Settings.stop.longest))
    // another may be there by now, and goes on anyway
    if (fleet.members[place] === member) yield* fleet.signal(place, "SIGCONT")
  }))
  const outages = Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(between(4_000, 10_000))
    const startedAt = Settings.now()
    counts.outages++
    ledger.note("down")
    yield* store.down(chance())
    // every other one for longer than the lease
    const length = counts.outages % 2 === 1
      ? between(Settings.lease, Settings.outage.longest)
      : between(Settings.outage.shortest, Settings.lease)
    yield* Effect.ensuring(Effect.sleep(length), store.up)
    ledger.note("up")
    counts.longestOutage = Math.max(counts.longestOutage, Settings.now() - startedAt)
  }))
  const cuts = Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep(between(500, 2_500))
    counts.cuts++
    yield* Effect.forkChild(store.disturb(somewhere(), chance()))
  }))

  const startedAt = Settings.now()
  const progress = Effect.forever(Effect.gen(function*() {
    yield* Effect.sleep("10 seconds")
    const past = Math.round((Settings.now() - startedAt) / 1000)
    const renewals = ledger.presentations.filter(({ outcome }) => outcome === "rotated").length
    say(`${past} s: ${counts.kills} kills, ${renewals} renewals, ${server.uses.calls} calls`)
  }))
  yield* Effect.timeoutOption(
    Effect.all([kills, stops, outages, cuts, progress], { concurrency: "unbounded" }),
    Duration.seconds(seconds)
  )

  server.weather = Server.calm
  for (const place of places) yield* fleet.signal(place, "SIGCONT")
  say("The faults are over. Waiting until every grant is in order.")
  yield* settled(client, ledger)
  yield* fleet.close

  const standing = new Map<string, Verdict.Standing>()
  for (const each of Settings.accounts) {
    const { grant } = yield* Effect.orDie(client.store.read(Client.keyOf(client, each)))
    standing.set(each.account, {
      token: Journal.presentable(grant),
      state: grant?.state._tag ?? "Absent",
      why: grant?.state._tag === "ReauthorizationRequired" ? grant.state.why : undefined
    })
  }
  const verdict = Verdict.judge({
    ledger,
    standing,
    stood: Journal.read(directory),
    killed: new Map(fleet.lives.flatMap(({ killedAt, name }) => killedAt === undefined ? [] : [[name, killedAt]])),
    window: options.window
  })
  const { calls, maxWaitMs, ...uses } = server.uses
  return {
    store: options.store,
    seconds,
    processes: Settings.processes,
    grants: Settings.grants,
    kills: counts.kills,
    renewals: verdict.windowed.renewals + verdict.strict.renewals,
    calls,
    lost: [...verdict.windowed.lost, ...verdict.strict.lost],
    forbiddenReplays: verdict.windowed.forbiddenReplays + verdict.strict.forbiddenReplays,
    maxWaitMs,
    withWindow: verdict.windowed,
    withoutWindow: verdict.strict,
    window: { windowMs: options.window, leaseMs: Settings.lease, settleMs: Settings.settle },
    stops: counts.stops,
    outages: { count: counts.outages, longestMs: Math.round(counts.longestOutage) },
    cuts: counts.cuts,
    mishaps,
    uses,
    orphans: verdict.orphans,
    seed: options.seed,
    faults: [
      ...verdict.faults,
      ...(uses.foreign > 0 ? [`${uses.foreign} tokens were handed out that are not of that account`] : []),
      ...fleet.lives.flatMap(({ died, name }) => died === undefined ? [] : [`process ${name} died: ${died}`])
    ]
  }
})

const login = Effect.fnUntraced(function*(
  client: Client.Client,
  server: Server.Server,
  account: (typeof Settings.accounts)[number]
) {
  const pair = yield* Effect.promise(() => server.login(account.account))
  yield* Effect.orDie(client.services[account.kind].adopt(Client.keyOf(client, account), Client.tokens(pair)))
})

// Asks for every grant until it stands with the token that the server accepts, or has ended.
const settled = Effect.fnUntraced(function*(client: Client.Client, ledger: Ledger) {
  const open = new Set(Settings.accounts)
  const until = Settings.now() + Settings.lease + Settings.settle + Settings.patience + 15_000
  while (open.size > 0 && Settings.now() < until) {
    yield* Effect.forEach(open, (each) =>
      Effect.gen(function*() {
        const key = Client.keyOf(client, each)
        yield* client.services[each.kind].token(key).pipe(Effect.timeout("1 second"), Effect.ignore)
        const { grant } = yield* Effect.orDie(client.store.read(key))
        const lineage = ledger.newest(each.account)
        const newest = lineage === undefined ? undefined : live(lineage)
        const isInOrder = grant?.state._tag === "Active" && newest?.digest === Journal.presentable(grant)
        if (isInOrder || grant?.state._tag === "ReauthorizationRequired") open.delete(each)
      }), { concurrency: 16 })
    yield* Effect.sleep("250 millis")
  }
})

// Chance that a seed repeats (mulberry32, public domain).
const chances = (seed: number): () => number => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
