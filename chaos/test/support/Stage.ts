/** Processes that do as they are told, with a real store and a real authorization server. */
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, References, Schedule } from "effect"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Client from "../../src/Client.ts"
import * as Fleet from "../../src/Fleet.ts"
import * as Journal from "../../src/Journal.ts"
import { Ledger, live } from "../../src/Ledger.ts"
import type * as Puppet from "../../src/puppet.ts"
import * as Server from "../../src/Server.ts"
import * as Settings from "../../src/Settings.ts"
import * as Store from "../../src/Store.ts"
import type * as Way from "../../src/Way.ts"

export class Stage extends Context.Service<Stage, {
  readonly store: Store.Store
  readonly server: Server.Server
  readonly ledger: Ledger
  /** Tells the process in a place what to do, and waits for what came of it. */
  readonly tell: (place: number, command: Omit<Puppet.Command, "id">) => Effect.Effect<Puppet.Answer>
  /** Stops the process in a place, or lets it go on. */
  readonly signal: Fleet.Fleet["signal"]
  /** The events of an account that the process in a place has told of; it may answer before it tells of what it did. */
  readonly events: (place: number, account: string) => ReadonlyArray<string>
  /** Logs an account in, so long ago that its access token has ended, or just now. */
  readonly login: (account: string, when: "now" | "earlier") => Effect.Effect<void>
  /** What the store holds for an account. */
  readonly standing: (account: string) => Effect.Effect<{
    readonly state: string
    readonly token: string | undefined
  }>
  /** How often a refresh token of an account was presented. */
  readonly presentations: (account: string) => number
  /** The digest of the refresh token that the server accepts from an account. */
  readonly live: (account: string) => string | undefined
}>()("chaos/test/Stage") {
  static readonly layer = (kind: Way.Kind) =>
    // outages are meant to be
    Layer.provide(Layer.effect(Stage, make(kind)), Layer.succeed(References.MinimumLogLevel, "Error"))
}

/** Waits until it is so. */
export const until = (condition: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.asVoid(Effect.repeat(condition, { until: (isSo) => isSo, schedule: Schedule.spaced("50 millis") }))

const make = Effect.fnUntraced(function*(kind: Way.Kind) {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-oauth-stage-"))),
    (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
  )
  const store = yield* Store.make(kind)
  if (store.user !== undefined) Fs.chownSync(directory, store.user.uid, store.user.gid)
  yield* store.handOver
  const ledger = new Ledger()
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => Server.listen(ledger, { accessTokenSeconds: 600 })),
    (server) => Effect.promise(server.close)
  )
  const { services, store: direct } = yield* Client.make({
    name: "stage",
    way: store.direct,
    origin: server.origin,
    journal: Path.join(directory, "stage.journal"),
    window: Settings.window,
    isFirst: false
  })
  const fleet = yield* Fleet.make({
    script: "puppet.ts",
    store,
    origin: server.origin,
    directory,
    window: Settings.window
  })
  const answers = new Map<number, (answer: Puppet.Answer) => void>()
  const told = new Map<string, Array<string>>()
  const start = async (place: number) => {
    const { line } = fleet.start(place)
    assert.strictEqual(await line(), "ready")
    const listen = async () => {
      for (let text = await line(); text !== undefined; text = await line()) {
        const said = JSON.parse(text)
        if ("id" in said) answers.get(said.id)?.(said)
        else told.set(`${place} ${said.account}`, [...told.get(`${place} ${said.account}`) ?? [], said.event])
      }
    }
    void listen()
  }
  yield* Effect.promise(() => start(0))
  yield* Effect.promise(() =>
    Promise.all(Array.from({ length: Settings.processes - 1 }, (_, index) => start(index + 1)))
  )
  let commands = 0

  const tell: Stage["Service"]["tell"] = (place, command) =>
    Effect.callback((resume) => {
      const id = ++commands
      answers.set(id, (answer) => resume(Effect.succeed(answer)))
      fleet.members[place]?.child.stdin?.write(`${JSON.stringify({ id, ...command })}\n`)
    })
  const keyOf = (account: string) => services[account.startsWith("windowed") ? "windowed" : "strict"].key(account)

  const login: Stage["Service"]["login"] = Effect.fnUntraced(function*(account, when) {
    const pair = yield* Effect.promise(() => server.login(account))
    const answer = yield* tell(0, { do: "login", account, pair, age: when === "now" ? 0 : 1_000_000 })
    assert.deepStrictEqual(answer.failures, [])
  })
  // what is done first takes longest, and is not what is tried
  yield* login("strict-first", "now")
  yield* Effect.forEach(
    fleet.members.keys(),
    (place) =>
      Effect.repeat(tell(place, { do: "token", account: "strict-first", callers: 1_000 }), {
        until: ({ failures }) => failures.length === 0
      }),
    { concurrency: "unbounded" }
  )

  return Stage.of({
    store,
    server,
    ledger,
    tell,
    signal: fleet.signal,
    events: (place, account) => told.get(`${place} ${account}`) ?? [],
    login,
    standing: (account) =>
      Effect.map(patiently(direct.read(keyOf(account))), ({ grant }) => ({
        state: grant?.state._tag ?? "Absent",
        token: Journal.presentable(grant)
      })),
    presentations: (account) => ledger.presentations.filter(({ token }) => token.lineage.account === account).length,
    live: (account) => {
      const lineage = ledger.newest(account)
      return lineage === undefined ? undefined : live(lineage)?.digest
    }
  })
})

// the harness has its own connection, which comes back a little after the store
const patiently = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.orDie(Effect.retry(effect, Schedule.spaced("50 millis")))
