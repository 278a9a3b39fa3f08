/**
 * A simulation: processes with a `TokenService` each, one store, one
 * authorization server, and everything that goes wrong between them, drawn from
 * a seed. The same seed is the same run, step by step.
 *
 * `run` gives the facts of a run; what must be true of them is in
 * `Invariants.ts`.
 */
import {
  AuthorizationServer,
  ClientAuthentication,
  Escrow,
  type GrantEvent,
  type GrantKey,
  type OAuthError,
  RefreshPolicy,
  Revocation,
  type RotationPolicy,
  TokenEndpoint,
  TokenService,
  type TokenSet,
  TokenStore
} from "@effect-oauth/core"
import { type Ledger, TestAuthorizationServer, TestClient, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
import {
  Cause,
  Clock,
  Context,
  Effect,
  Exit,
  type Fiber,
  Layer,
  Logger,
  Random,
  References,
  Scheduler,
  Scope,
  Stream
} from "effect"
import { HttpClient } from "effect/http"
import * as BareEndpoint from "./BareEndpoint.ts"
import * as Faults from "./Faults.ts"
import { Lane, Machine, Prng } from "./Machine.ts"
import { type Plan, plan } from "./Plan.ts"
import { type Call, type Declined, type Fate, nameOf, SharedStore, type Written } from "./SharedStore.ts"

/** From one instant to another. */
export interface Span {
  readonly from: number
  to: number
}

/** One process from its start to its end. */
export interface Life {
  readonly name: string
  /** How it ended: closed in order, or killed. */
  ended: { readonly how: "closed" | "killed"; readonly at: number } | undefined
  readonly suspended: Array<Span>
  readonly cutOff: Array<Span>
  /** When a call to the store went wrong. */
  readonly hindered: Array<number>
  readonly events: Array<{ readonly at: number; readonly event: GrantEvent.GrantEvent }>
  closingAt: number | undefined
  readonly clocksApart: boolean
  /** Its clock was set, with what it had estimated by it. */
  jumped: boolean
}

/** What a caller was told. */
export interface Told {
  readonly at: number
  readonly asked: number
  readonly by: string
  readonly account: string
  readonly method: "token" | "refused" | "refresh"
  /** The name of the token, or why there was none. */
  readonly token?: string | undefined
  readonly why?: string | undefined
  /** The store knew the token. */
  readonly durable: boolean
}

/** What happened to an account. */
export interface Deed {
  readonly at: number
  readonly account: string
  readonly what: "login" | "login failed" | "revocation" | "provider" | "ended" | "went back" | "refused" | "refresh"
  readonly family?: string | undefined
}

/** A pair in the escrow of a machine. */
export interface Kept extends Span {
  readonly slot: number
  /** The name of its refresh token. */
  readonly token: string
}

/** Everything that is known of a run. */
export interface Facts {
  readonly plan: Plan
  readonly policy: RefreshPolicy.RefreshPolicy
  readonly rotation: RotationPolicy.RotationPolicy
  readonly ledger: ReadonlyArray<Ledger.Entry>
  readonly exchanges: ReadonlyArray<Ledger.Exchange>
  readonly written: ReadonlyArray<Written>
  readonly declined: ReadonlyArray<Declined>
  /** When leases ended that were moved, by key and version. */
  readonly leases: ReadonlyMap<string, number>
  /** How often somebody read of a claim that another process held. */
  readonly waits: number
  readonly known: ReadonlySet<string>
  readonly lives: ReadonlyMap<string, Life>
  readonly told: ReadonlyArray<Told>
  readonly deeds: ReadonlyArray<Deed>
  readonly kept: ReadonlyArray<Kept>
  /** The accounts, by the ids of their keys. */
  readonly accounts: ReadonlyMap<string, string>
  /** The fault of an exchange, by its number. */
  readonly faults: ReadonlyMap<number, Faults.Name>
  /** What went wrong at the store and with processes, and took effect, and how often. */
  readonly befell: ReadonlyMap<Faults.Name, number>
  /** Exchanges whose fault changed nothing. */
  readonly idle: ReadonlySet<number>
  /** Exchanges whose answer was on its way when their sender gave up, and when that was. */
  readonly astray: ReadonlyMap<number, number>
  /** What each account's callers were told when the world had come to rest. */
  readonly atRest: ReadonlyArray<Told>
  readonly restAt: number
  /** The refresh tokens that the server would take when all was over. */
  readonly live: ReadonlySet<string>
  /** Callers of living processes who were told nothing. */
  readonly waiting: number
  /** What was seen to be wrong while it happened. */
  readonly wrong: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
}

/** Runs a seed; says what happens if it is to be told. */
export const run = (
  seed: number,
  options?: { readonly changes?: Partial<Plan> | undefined; readonly aloud?: boolean }
): Facts => {
  // taking stack traces of errors that are only values is half of the time
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new World({ ...plan(seed), ...options?.changes }, options?.aloud === true).run()
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** What became of a renewal and of those who wait for it, when one of them is interrupted after so many steps. */
export const interruptAt = (step: number | undefined): {
  /** The caller was interrupted before it had its answer. */
  readonly isInterrupted: boolean
  readonly others: ReadonlyArray<string | undefined>
  readonly ledger: ReadonlyArray<string>
} =>
  new World({
    seed: 1,
    rotation: "strict",
    focus: "nothing",
    processes: 2,
    accounts: 1,
    noise: 0,
    escrow: false,
    notified: true,
    client: "http",
    revocation: "grant",
    brake: 20
  }, false).interruptAt(step)

// where a pair is renewed once, there is a login for every renewal: they are to be as many as elsewhere
// for how long a process was stopped in the minute before an instant, or is stopped then
const stoppedFor = ({ suspended }: Life, at: number): number =>
  suspended
    .filter(({ from, to }) => from <= at && to >= at - 60_000)
    .reduce((sum, { from, to }) => sum + to - from, 0)

const lifetimeOf = (rotation: Faults.Rotation): number => rotation === "one shot" ? 50_000 : 150_000
const horizon = 600_000

/** What keeps calls from the store, and whether any was made meanwhile. */
interface Trouble<What> {
  readonly what: What
  isFelt: boolean
}

const appliesLater: ReadonlySet<Fate> = new Set<Fate>(["unanswered", "late", "crash-after"])

interface Process {
  readonly slot: number
  readonly life: Life
  readonly lane: Lane
  readonly requests: Set<Fiber.Fiber<unknown, unknown>>
  readonly scope: Scope.Closeable
  readonly held: Map<string, { readonly token: TokenSet.AccessToken; readonly at: number; readonly until: number }>
  service: TokenService.TokenService["Service"] | undefined
  context: Context.Context<never>
  closing: boolean
  isCutOff: Trouble<"cut off" | "long cut off"> | undefined
  waiting: number
}

class World {
  private readonly prng: Prng
  private readonly machine: Machine
  private readonly store: SharedStore
  private readonly outside: Lane
  private readonly context: Context.Context<never>
  private readonly server: TestAuthorizationServer.TestAuthorizationServer["Service"]
  private readonly policy: RefreshPolicy.RefreshPolicy
  private readonly slots: Array<Process | undefined> = []
  private readonly escrows: Array<Array<Escrow.Entry>> = []
  private readonly kept: Array<Kept & { readonly entry: Escrow.Entry }> = []
  private readonly accounts = new Map<string, { readonly key: GrantKey.GrantKey; isBusy: boolean }>()
  private readonly lives = new Map<string, Life>()
  private readonly told: Array<Told> = []
  private readonly atRest: Array<Told> = []
  private readonly deeds: Array<Deed> = []
  private readonly faults = new Map<number, Faults.Name>()
  private readonly befell = new Map<Faults.Name, number>()
  /** Who holds the claim on an account's grant, by the id of its key. */
  private readonly holders = new Map<string, string>()
  private readonly wrong: Array<string> = []
  private readonly trace: Array<string> = []
  private readonly plan: Plan
  private readonly authentication: ClientAuthentication.ClientAuthentication["Service"]
  private readonly isAloud: boolean
  /** What is to happen in the middle of a renewal. */
  private readonly waiting = new Set<(claim: Written) => void>()
  private outage: Trouble<"store down" | "store hanging"> | undefined
  /** Exchanges whose fault changed nothing. */
  private readonly idle = new Set<number>()
  private readonly astray = new Map<number, number>()
  private isQuiet = true
  private isAtRest = false
  private started = 0

  constructor(plan: Plan, isAloud: boolean) {
    this.plan = plan
    this.isAloud = isAloud
    this.policy = RefreshPolicy.make({ brake: plan.brake })
    this.prng = new Prng(plan.seed * 7919 + 1)
    this.machine = new Machine(this.prng)
    this.store = new SharedStore(this.machine, (written) => this.onWrite(written))
    this.outside = new Lane(this.machine, "server")
    this.context = this.contextOf(this.outside)
    const scope = Scope.makeUnsafe()
    this.server = Effect.runSyncWith(this.context)(Scope.provide(
      TestAuthorizationServer.make({
        seed: plan.seed,
        rotation: Faults.rotationOf(plan.rotation, plan.seed),
        accessTokenLifetime: lifetimeOf(plan.rotation),
        clients: plan.client === "http" ? [TestClient.confidential] : [TestClient.publicClient],
        dialect: { revocation: plan.revocation },
        // where nothing is rotated, the answer can bring a refresh token all the same
        answers: { keptRefreshToken: plan.rotation === "static" ? "repeated" : "omitted" }
      }),
      scope
    ))
    this.authentication = this.server.clientAuthentication()
    this.now(this.server.injectBy((exchange) => this.fateOfExchange(exchange)))
    for (let i = 0; i < plan.accounts; i++) {
      const client = this.authentication.clientId
      this.accounts.set(`a${i}`, {
        key: AuthorizationServer.key(this.server.description, { client, account: `a${i}` }),
        isBusy: false
      })
    }
  }

  run(): Facts {
    const { machine, plan } = this
    for (let slot = 0; slot < plan.processes; slot++) {
      this.escrows.push([])
      this.start(slot)
    }
    machine.run(machine.now + 1_000)
    for (const account of this.accounts.keys()) this.login(account, this.slots[0])
    machine.run(machine.now + 9_000)

    this.isQuiet = plan.focus === "nothing"
    for (let slot = 0; slot < plan.processes; slot++) this.visit(slot)
    this.schedule()
    machine.run(machine.now + horizon)

    const waiting = this.rest()
    return {
      plan,
      policy: this.policy,
      rotation: this.server.description.rotation,
      ledger: this.now(this.server.ledger),
      exchanges: this.now(this.server.exchanges),
      written: this.store.written,
      declined: this.store.declined,
      leases: this.store.leases,
      waits: this.store.waits,
      known: this.store.known,
      lives: this.lives,
      told: this.told,
      deeds: this.deeds,
      kept: this.kept,
      accounts: new Map(Array.from(this.accounts, ([account, { key }]) => [key.id, account])),
      faults: this.faults,
      befell: this.befell,
      idle: this.idle,
      astray: this.astray,
      atRest: this.atRest,
      restAt: this.restAt,
      live: new Set(
        this.now(this.server.families).flatMap(({ refreshToken, revoked }) =>
          refreshToken === undefined || revoked ? [] : [nameOf(refreshToken)]
        )
      ),
      waiting,
      wrong: this.wrong,
      trace: this.trace
    }
  }

  interruptAt(step: number | undefined): ReturnType<typeof interruptAt> {
    const { machine } = this
    this.slots.push(undefined, undefined)
    this.escrows.push([], [])
    this.start(0)
    this.start(1)
    machine.run(machine.now + 1_000)
    this.login("a0", this.slots[0])
    machine.run(machine.now + lifetimeOf(this.plan.rotation))

    const [first, second] = this.slots
    let isInterrupted = false
    if (first?.service !== undefined) {
      const { lane, service } = first
      const token = service.token(this.keyOf("a0"))
      lane.post(() => {
        const fiber = Effect.runForkWith(first.context)(token)
        fiber.addObserver((exit) => {
          isInterrupted = Exit.isFailure(exit)
        })
        if (step !== undefined) lane.afterSteps(step, () => fiber.interruptUnsafe())
      })
    }
    for (const process of [first, first, second]) this.ask(process, "a0", "token", this.atRest, "patiently")
    machine.run(machine.now + 60_000)
    return {
      isInterrupted,
      others: this.atRest.map(({ token, why }) => token ?? why),
      ledger: this.now(this.server.ledger).map(({ by, kind, token }) => [by, kind, token].join(" "))
    }
  }

  // -- coming to rest -----------------------------------------------------------------

  private restAt = 0

  private rest(): number {
    const { machine } = this
    this.isQuiet = true
    this.isAtRest = true
    this.restAt = machine.now
    this.outage = undefined
    for (const process of this.slots) {
      if (process === undefined) continue
      process.isCutOff = undefined
      process.lane.resume()
    }
    this.end(this.lives.values())
    machine.run(machine.now + 120_000)
    this.slots.forEach((process, slot) => process === undefined && this.start(slot))
    // a renewal that rests, rests for hours at most
    let isSettled = false
    for (let round = 0; round < 16 && !isSettled; round++) {
      machine.run(machine.now + (round < 2 ? 600_000 : 3_600_000))
      this.atRest.length = 0
      for (const process of this.slots) {
        for (const account of this.accounts.keys()) this.ask(process, account, "token", this.atRest)
      }
      machine.run(machine.now + 120_000)
      isSettled = this.atRest.length === this.plan.processes * this.accounts.size &&
        this.atRest.every(({ token, why }) =>
          token !== undefined || why?.startsWith("ReauthorizationRequired") === true
        ) &&
        // who wrote back what a store had forgotten did so while the others were told
        Array.from(this.accounts.keys()).every((account) =>
          new Set(this.atRest.flatMap((told) => told.account === account ? [told.token === undefined] : [])).size === 1
        )
    }
    return this.slots.reduce((sum, process) => sum + (process?.waiting ?? 0), 0)
  }

  private end(lives: Iterable<Life>): void {
    for (const life of lives) {
      for (const span of [...life.suspended, ...life.cutOff]) span.to = Math.min(span.to, this.machine.now)
    }
  }

  // -- processes ------------------------------------------------------------------------

  private start(slot: number): void {
    const { machine, plan, prng } = this
    const name = `p${slot + 1}.${++this.started}`
    const clocksApart = plan.focus === "clocks apart" || prng.chance(0.3)
    const lane = new Lane(machine, name, clocksApart ? 1 + (prng.next() - 0.5) * 0.02 : 1)
    lane.offset = clocksApart ? prng.pick([-1, 1]) * prng.between(60_000, 600_000) : 0
    const life: Life = {
      name,
      ended: undefined,
      suspended: [],
      cutOff: [],
      hindered: [],
      events: [],
      closingAt: undefined,
      clocksApart,
      jumped: false
    }
    const process: Process = {
      slot,
      life,
      lane,
      requests: new Set(),
      scope: Scope.makeUnsafe(),
      held: new Map(),
      service: undefined,
      context: this.contextOf(lane),
      closing: false,
      isCutOff: undefined,
      waiting: 0
    }
    this.slots[slot] = process
    this.lives.set(name, life)
    this.say(name, "starts")

    const layer = TokenService.layerWith().pipe(
      Layer.provide([
        this.endpoint(process),
        Revocation.layer.pipe(Layer.provide(TestHttp.layerClient(this.client(process)))),
        TestCrypto.layer({ seed: plan.seed * 64 + this.started }),
        Layer.succeed(
          TokenStore.TokenStore,
          this.store.connect({
            lane,
            fate: (call) => this.fateOfCall(process, call),
            done: (call, fate, changed) => this.doneCall(call, fate, changed),
            crash: () => this.kill(process),
            notified: plan.notified
          })
        ),
        plan.escrow ? Layer.succeed(Escrow.Escrow, this.escrow(slot)) : Layer.empty
      ]),
      Layer.provide(Layer.succeed(RefreshPolicy.RefreshPolicy, this.policy)),
      Layer.provide(Layer.succeed(AuthorizationServer.AuthorizationServer, this.server.description)),
      Layer.provide(Layer.succeed(ClientAuthentication.ClientAuthentication, this.authentication))
    )
    const opened = Effect.gen({ self: this }, function*() {
      const service = Context.get(yield* Layer.buildWithScope(layer, process.scope), TokenService.TokenService)
      process.service = service
      // not in its scope: what is said while it closes is heard too
      this.in(
        process,
        Stream.runForEach(service.events, (event) =>
          Effect.sync(() => {
            life.events.push({ at: machine.now, event })
            if (event._tag === "Overtaken") this.forget(process, event.key.id)
            this.say(name, `event ${event._tag}${"why" in event ? ` ${event.why}` : ""}`)
          }))
      )
    })
    this.in(process, opened)
  }

  private in<A, E>(process: Process, effect: Effect.Effect<A, E>, onExit?: (exit: Exit.Exit<A, E>) => void): void {
    process.lane.post(() => {
      Effect.runForkWith(process.context)(effect).addObserver((exit) => {
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
          this.wrong.push(`I12: a defect in ${process.life.name}: ${Cause.pretty(exit.cause)}`)
        }
        onExit?.(exit)
      })
    })
  }

  private kill(process: Process): void {
    if (process.life.ended !== undefined) return
    this.say(process.life.name, "is killed")
    const asleep = process.life.suspended.at(-1)
    process.life.ended = {
      how: "killed",
      at: process.lane.state === "suspended" && asleep !== undefined ? asleep.from : this.machine.now
    }
    this.gone(process)
  }

  private close(process: Process): void {
    if (process.closing || process.life.ended !== undefined || process.service === undefined) return
    process.closing = true
    process.life.closingAt = this.machine.now
    this.say(process.life.name, "closes")
    this.in(process, Scope.close(process.scope, Exit.void), () => {
      if (process.life.ended !== undefined) return
      this.say(process.life.name, "is closed")
      process.life.ended = { how: "closed", at: this.machine.now }
      this.gone(process)
    })
  }

  private gone(process: Process): void {
    process.lane.kill()
    for (const request of process.requests) request.interruptUnsafe()
    this.slots[process.slot] = undefined
    const { slot } = process
    this.machine.after(this.prng.between(10, 60_000), () => {
      if (this.slots[slot] === undefined) this.start(slot)
    })
  }

  // -- what callers do --------------------------------------------------------------------

  private visit(slot: number): void {
    this.machine.after(this.prng.between(1_000, 60_000), () => {
      if (this.isAtRest) return
      const process = this.slots[slot]
      const account = this.someAccount()
      const method = this.prng.chance(0.06) ? "refused" : this.prng.chance(0.03) ? "refresh" : "token"
      const callers = this.prng.chance(0.2) ? this.prng.between(2, 4) : 1
      for (let i = 0; i < callers; i++) this.ask(process, account, method, this.told)
      this.visit(slot)
    })
  }

  private ask(
    process: Process | undefined,
    account: string,
    method: Told["method"],
    told: Array<Told>,
    how?: "patiently"
  ): void {
    const { service } = process ?? {}
    if (process === undefined || service === undefined || process.closing) return
    const { machine, prng } = this
    const key = this.keyOf(account)
    const held = process.held.get(account)
    if (method === "refused" && held === undefined) return
    if (method !== "token") this.deed(account, method)
    const effect = method === "refused" && held !== undefined
      ? service.refused(key, held.token)
      : method === "refresh"
      ? service.refresh(key)
      : service.token(key)
    const asked = machine.now
    process.waiting++
    process.lane.post(() => {
      const fiber = Effect.runForkWith(process.context)(effect)
      fiber.addObserver((exit) => {
        process.waiting--
        if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return
        told.push(this.answer(process, account, method, asked, exit))
      })
      const isFocus = this.plan.focus === "caller interrupted"
      if (this.isAtRest || this.isQuiet || how === "patiently" || !prng.chance(isFocus ? 0.9 : 0.1)) return
      const interrupt = () => {
        if (fiber.pollUnsafe() !== undefined) return
        this.befall("caller interrupted")
        fiber.interruptUnsafe()
      }
      if (prng.chance(0.7)) process.lane.afterSteps(prng.between(0, 12), interrupt)
      else machine.after(prng.between(0, 3_000), () => process.lane.post(interrupt))
    })
  }

  private answer(
    process: Process,
    account: string,
    method: Told["method"],
    asked: number,
    exit: Exit.Exit<TokenSet.AccessToken, OAuthError.OAuthError>
  ): Told {
    const at = this.machine.now
    const by = process.life.name
    if (Exit.isSuccess(exit)) {
      const token = nameOf(exit.value.value)
      const durable = this.store.known.has(token)
      const held = process.held.get(account)
      if (held?.token !== exit.value) process.held.set(account, { token: exit.value, at, until: this.endOf(token) })
      if (held === undefined || nameOf(held.token.value) !== token) this.say(by, `${method} ${account}: ${token}`)
      return { at, asked, by, account, method, token, durable }
    }
    const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")
    const why = failure === undefined ? "defect" : wording(failure.error)
    if (failure !== undefined) this.expectNoSecret(by, failure.error)
    if (failure === undefined) this.wrong.push(`I12: a caller of ${by} got a defect: ${Cause.pretty(exit.cause)}`)
    this.say(by, `${method} ${account}: ${why}`)
    if (!this.isAtRest && endings.has(why.split(" ")[0] ?? "")) this.reconnect(account)
    if (method === "token" && !process.closing) this.expectNone(process, account, asked, why)
    return { at, asked, by, account, method, why, durable: false }
  }

  // the person is asked to connect again, and mostly does; some do when nothing goes on for a while
  private reconnect(account: string): void {
    const isOneShot = this.plan.rotation === "one shot"
    if (!isOneShot && this.prng.chance(0.4)) return
    this.machine.after(this.prng.between(1_000, isOneShot ? 10_000 : 60_000), () => {
      const state = this.store.standing(this.keyOf(account).id)?.state._tag
      if (!this.isAtRest && state !== undefined && state !== "Active" && state !== "Renewing") {
        this.login(account, this.slots.find((process) => process?.service !== undefined))
      }
    })
  }

  // I11: an error is shown, logged and put into spans
  private expectNoSecret(by: string, error: OAuthError.OAuthError): void {
    const shown = `${error.message} ${JSON.stringify(error)} ${JSON.stringify(error.reason)}`
    if (secret.test(shown)) this.wrong.push(`I11: ${by} shows a token: ${shown}`)
  }

  // I7: whoever was told that there is no token must not have one that could still be used
  private expectNone(process: Process, account: string, asked: number, why: string): void {
    const held = process.held.get(account)
    const standing = this.store.standing(this.keyOf(account).id)
    if (held === undefined || standing === undefined) return
    const issued = this.issued(nameOf(held.token.value))
    const sender = issued === undefined ? undefined : this.lives.get(issued.by)
    if (process.life.jumped || sender?.jumped === true) return
    // that the grant has ended is the server's word or ours, and is looked at when all is over; whether somebody has logged
    // in since is asked of the store, which may be away
    if (why.startsWith("ReauthorizationRequired") || standing.state._tag === "ReauthorizationRequired") return
    if (this.deeds.some((deed) => deed.account === account && deed.at >= held.at - 60_000)) return
    if (!this.now(this.server.isLive(held.token.value))) return
    // a store's clock is read as of when its answer came, and a token's life is counted from before it was asked for: what a
    // stopped process hears or sends too late makes an end come sooner, also for those that read what it has written
    const stopped = stoppedFor(process.life, held.at) +
      (issued === undefined || sender === undefined || sender === process.life ? 0 : stoppedFor(sender, issued.at))
    const until = held.until - 10_000 - stopped
    if (asked > until || this.machine.now > until) return
    this.wrong.push(`I7: ${process.life.name} has ${nameOf(held.token.value)} of ${account} and says ${why}`)
  }

  // who was overtaken forgets its own pair, and with it an access token that was given before it was saved
  private forget(process: Process, key: string): void {
    for (const [account, held] of process.held) {
      if (this.keyOf(account).id === key && !this.store.known.has(nameOf(held.token.value))) {
        process.held.delete(account)
      }
    }
  }

  private issued(name: string): Ledger.Entry | undefined {
    return this.now(this.server.ledger).findLast((entry) => entry.kind === "issued" && entry.token === name)
  }

  // a client counts from before it asked
  private endOf(name: string): number {
    const issued = this.issued(name)
    if (issued === undefined) return 0
    const ledger = this.now(this.server.ledger)
    const askedAt = (exchange: number | undefined): number | undefined =>
      ledger.find((entry) => entry.kind === "presented" && entry.exchange === exchange)?.at
    const lifetime = lifetimeOf(this.plan.rotation)
    const first = (askedAt(issued.exchange) ?? issued.at) + lifetime
    // a server that gives the pair again tells what is left of its life, and that is counted from before it was asked too
    const rotated = ledger.find((entry) => entry.kind === "rotated" && entry.exchange === issued.exchange)
    const again = ledger
      .filter((entry) => entry.kind === "replayed" && entry.token === rotated?.token)
      .map((entry) => (askedAt(entry.exchange) ?? entry.at) + lifetime - (entry.at - issued.at))
    return Math.min(first, ...again)
  }

  private login(account: string, process: Process | undefined): void {
    const about = this.accounts.get(account)
    const { service } = process ?? {}
    if (process === undefined || service === undefined || about === undefined || about.isBusy || process.closing) return
    const scopes = ["openid", "read"]
    const issued = this.now(this.server.issue({ subject: account, scopes }))
    const tokens = { ...issued, receivedAt: process.lane.clock.currentTimeMillisUnsafe() }
    const family = nameOf(issued.accessToken).split("-")[0] ?? ""
    about.isBusy = true
    this.say(process.life.name, `login ${account}: ${family}`)
    const done = (what: "login" | "login failed") => {
      about.isBusy = false
      this.say(process.life.name, `${what} ${account}: ${family}`)
      this.deed(account, what, family)
    }
    this.deed(account, "login failed", family)
    // who is killed will not say, and who is stopped says it late
    const forget = this.machine.after(180_000, () => done("login failed"))
    this.in(process, service.adopt(about.key, tokens, { scopes }), (exit) => {
      forget()
      done(Exit.isSuccess(exit) ? "login" : "login failed")
    })
  }

  // -- what goes wrong ----------------------------------------------------------------------

  private schedule(): void {
    const { focus, noise } = this.plan
    if (focus === "nothing") return
    const { prng } = this
    if (Faults.isHappening(focus)) {
      const times = prng.between(4, 9)
      for (let i = 0; i < times; i++) this.machine.after(prng.between(0, horizon), () => this.happen(focus))
    }
    const others = Math.round(noise * 10)
    for (let i = 0; i < others; i++) {
      const what = prng.pick(Faults.happenings)
      this.machine.after(prng.between(0, horizon), () => this.happen(what))
    }
  }

  private onWrite(written: Written): void {
    const { before, by, grant } = written
    const key = (grant ?? before)?.key ?? ""
    if (grant?.state._tag === "Renewing") {
      this.holders.set(key, by)
      if (this.lives.get(by)?.clocksApart === true && !this.isQuiet) this.befall("clocks apart")
      for (const act of Array.from(this.waiting)) act(written)
      return
    }
    this.holders.delete(key)
    if (before?.state._tag !== "Renewing" || grant === undefined || this.isQuiet) return
    if (grant.lineage !== before.lineage) this.befall("login")
    else if (grant.state._tag === "Revoked") this.befall("revocation")
    else if (grant.state._tag === "ReauthorizationRequired" && grant.state.why === "Ended") {
      this.befall("ended by the provider's word")
    }
  }

  /** Whether a process holds a claim. */
  private isHolder(process: Process): boolean {
    for (const holder of this.holders.values()) if (holder === process.life.name) return true
    return false
  }

  // mostly in the middle of a renewal, if there is one soon
  private happen(what: Faults.Happening): void {
    const { machine, prng } = this
    if (this.isAtRest) return
    const anywhere = () => this.befallen(what, this.slots[prng.between(0, this.slots.length - 1)], this.someAccount())
    if (!prng.chance(0.8)) return anywhere()
    const { waiting } = this
    const once = ({ by, grant }: Written) => {
      if (!waiting.delete(once) || this.isAtRest) return
      const account = this.accountOf(grant?.key ?? "")
      const process = this.slots.find((process) => process?.life.name === by)
      machine.after(prng.chance(0.2) ? 0 : prng.between(0, 60), () => this.befallen(what, process, account))
    }
    waiting.add(once)
    machine.after(150_000, () => {
      if (waiting.delete(once) && !this.isAtRest) anywhere()
    })
  }

  private befallen(what: Faults.Happening, process: Process | undefined, account: string): void {
    const { machine, prng } = this
    const { id } = this.keyOf(account)
    const anyone = (): Process | undefined => this.slots.find((process) => process?.service !== undefined)
    const count = (took: boolean) => {
      if (took) this.befall(what)
      this.say("", `*** ${what}`)
    }
    const loginSoon = (most: number) => {
      if (prng.chance(0.7)) machine.after(prng.between(1_000, most), () => this.login(account, anyone()))
    }
    switch (what) {
      case "crash":
        if (process === undefined || process.life.ended !== undefined) return
        count(this.isHolder(process))
        return this.kill(process)
      case "closing":
        if (process === undefined || process.life.ended !== undefined || process.closing) return
        count(this.isHolder(process))
        // most of those who close in the middle of a renewal cannot save its pair before their grace is over
        if (this.isHolder(process) && prng.chance(0.7)) {
          if (prng.chance(0.5)) this.cutOff("cut off", process, prng.between(12_000, 35_000))
          else this.befallen("store down", process, account)
        }
        return this.close(process)
      case "short pause":
        return this.pause(process, prng.between(100, 20_000), count)
      case "long pause":
        return this.pause(process, prng.between(31_000, 90_000), count)
      case "very long pause":
        return this.pause(process, prng.between(101_000, 400_000), count)
      case "cut off":
        return this.cutOff(what, process, prng.between(1_000, 35_000))
      case "long cut off":
        return this.cutOff(what, process, prng.between(35_000, 300_000))
      case "store down":
      case "store hanging": {
        if (this.outage !== undefined) return
        this.say("", `*** ${what}`)
        this.outage = { what, isFelt: false }
        const length = prng.chance(0.5) ? prng.between(1_000, 40_000) : prng.between(40_000, 200_000)
        machine.after(length, () => {
          this.say("", "*** store up")
          this.outage = undefined
        })
        return
      }
      case "store goes back in time": {
        const standing = this.store.standing(id)
        const earlier = this.store.written.findLast(({ grant }) =>
          grant !== undefined && grant.key === id && grant.lineage === standing?.lineage &&
          grant.serial < standing.serial && grant.state._tag === "Active"
        )?.grant
        if (earlier === undefined || standing === undefined || standing.state._tag === "Revoked") return
        count(true)
        this.deed(account, "went back", undefined)
        return this.store.goBack(earlier)
      }
      case "clock jumps":
        if (process === undefined) return
        count(this.isHolder(process))
        process.life.jumped = true
        process.lane.offset += prng.pick([-3_600_000, -60_000, 60_000, 400_000, 3_600_000])
        return
      case "clocks apart":
        // from their start on, and for each claim
        return
      case "caller interrupted": {
        // the one who began the renewal is gone already, or another comes and goes
        for (let i = 0; i < 2; i++) this.ask(process, account, "refresh", this.told)
        return
      }
      case "login":
        this.say("", `*** ${what}`)
        return this.login(account, anyone())
      case "revocation": {
        const { service } = process ?? {}
        if (process === undefined || service === undefined || process.closing) return
        this.say("", `*** ${what}`)
        this.deed(account, "revocation")
        this.in(process, Effect.ignore(service.revoke(this.keyOf(account))))
        return loginSoon(60_000)
      }
      case "revocation by the provider": {
        const standing = this.store.standing(id)
        const token = standing?.body._tag === "Open" ? standing.body.refreshToken : undefined
        if (token === undefined) return
        count(standing?.state._tag === "Renewing")
        this.deed(account, "provider", nameOf(token).split("-")[0])
        this.now(this.server.revoke(token))
        return loginSoon(120_000)
      }
      case "ended by the provider's word": {
        const { service } = process ?? {}
        if (process === undefined || service === undefined || process.closing) return
        this.say("", `*** ${what}`)
        this.deed(account, "ended")
        this.in(process, Effect.ignore(service.ended(this.keyOf(account))))
        return loginSoon(60_000)
      }
    }
  }

  private pause(process: Process | undefined, millis: number, count: (took: boolean) => void): void {
    if (process === undefined || process.lane.state !== "running") return
    count(this.isHolder(process))
    this.say(process.life.name, `is stopped for ${millis}`)
    process.lane.suspend()
    process.life.suspended.push({ from: this.machine.now, to: this.machine.now + millis })
    this.machine.after(millis, () => process.lane.resume())
  }

  private cutOff(what: "cut off" | "long cut off", process: Process | undefined, millis: number): void {
    if (process === undefined || process.isCutOff !== undefined) return
    this.say(process.life.name, `is cut off from the store for ${millis}`)
    process.isCutOff = { what, isFelt: false }
    process.life.cutOff.push({ from: this.machine.now, to: this.machine.now + millis })
    this.machine.after(millis, () => {
      process.isCutOff = undefined
    })
  }

  private fateOfExchange(
    exchange: Ledger.Exchange
  ): ReturnType<typeof Faults.exchanges[Faults.ExchangeFault]> | undefined {
    if (this.isQuiet || exchange.endpoint !== "token") return undefined
    const { prng } = this
    const { focus, noise } = this.plan
    const name = Faults.isExchangeFault(focus) && prng.chance(0.5)
      ? focus
      // without an answer that takes its time there are no heartbeats
      : focus.startsWith("a heartbeat") && prng.chance(0.6)
      ? "slow"
      : prng.chance(noise)
      ? Faults.someExchange(prng)
      : undefined
    if (name === undefined) return undefined
    this.faults.set(exchange.number, name)
    this.say(exchange.by, `#${exchange.number} *** ${name}`)
    const fault = Faults.exchanges[name](prng)
    const { answer } = fault
    if (answer === undefined) return fault
    return {
      ...fault,
      answer: (own) => {
        const seen = answer(own)
        if (seen === own || (typeof seen === "object" && seen.body === own?.body)) this.idle.add(exchange.number)
        return seen
      }
    }
  }

  private fateOfCall(process: Process, { by, purpose }: Call): Fate {
    if (this.isQuiet) return "pass"
    const { prng } = this
    const { focus, noise } = this.plan
    const hindered = (fate: Fate): Fate => {
      process.life.hindered.push(this.machine.now)
      return fate
    }
    const trouble = this.outage ?? process.isCutOff
    if (trouble !== undefined) {
      if (!trouble.isFelt) this.befall(trouble.what)
      trouble.isFelt = true
      return hindered(trouble.what !== "store hanging" && prng.chance(0.8) ? "fail" : "hang")
    }
    const name = Faults.isCallFault(focus) && Faults.calls[focus][0] === purpose &&
        prng.chance(purpose === "read" ? 0.2 : purpose === "heartbeat" ? 0.5 : 0.4)
      ? focus
      : prng.chance(noise / 10)
      ? Faults.someCall(prng, purpose)
      : undefined
    if (name === undefined) return "pass"
    const fate = Faults.calls[name][1]
    if (!appliesLater.has(fate)) this.befall(name)
    this.say(by, `*** ${name}`)
    return hindered(fate)
  }

  // what was to be done and not answered counts when it was done
  private doneCall({ purpose }: Call, fate: Fate, changed: boolean): void {
    if (!changed || !appliesLater.has(fate)) return
    for (const name of Faults.names) {
      if (!Faults.isCallFault(name)) continue
      const [to, what] = Faults.calls[name]
      if (to === purpose && what === fate) this.befall(name)
    }
  }

  // -- parts -----------------------------------------------------------------------------------

  // the way to the server and back; the server goes on when the process does not
  private readonly wire = <A, E>(process: Process, exchange: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.callback((resume) => {
      let fiber: Fiber.Fiber<A, E> | undefined
      let returning: number | undefined
      const cancel = this.machine.after(this.prng.between(1, 40), () => {
        if (process.life.ended !== undefined) return
        const sent = Effect.runForkWith(this.context)(exchange)
        fiber = sent
        process.requests.add(sent)
        sent.addObserver((exit) => {
          process.requests.delete(sent)
          // what the server wrote down last
          returning = this.now(this.server.ledger).at(-1)?.exchange
          this.machine.after(this.prng.between(1, 40), () =>
            process.lane.post(() => {
              returning = undefined
              resume(exit)
            }))
        })
      })
      return Effect.sync(() => {
        cancel()
        fiber?.interruptUnsafe()
        if (returning !== undefined) this.astray.set(returning, this.machine.now)
      })
    })

  private readonly client = (process: Process): HttpClient.HttpClient => {
    const inner = this.server.httpClient(process.life.name)
    return HttpClient.make((request) => this.wire(process, inner.execute(request)))
  }

  private readonly endpoint = (process: Process): Layer.Layer<
    TokenEndpoint.TokenEndpoint,
    never,
    AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication
  > => {
    if (this.plan.client === "http") {
      return Layer.provide(TokenEndpoint.layer, TestHttp.layerClient(this.client(process)))
    }
    const exchange = this.server.exchange(process.life.name)
    return Layer.succeed(
      TokenEndpoint.TokenEndpoint,
      BareEndpoint.make({
        url: this.server.description.tokenEndpoint,
        clientId: this.authentication.clientId,
        send: (request) => this.wire(process, exchange(request))
      })
    )
  }

  private readonly escrow = (slot: number): Escrow.Escrow["Service"] => {
    const entries = this.escrows[slot] ?? []
    const kept = this.kept
    return {
      deposit: (entry) =>
        Effect.sync(() => {
          entries.push(entry)
          const { body } = entry.grant
          const token = body._tag === "Open" ? body.quarantined?.refreshToken ?? body.refreshToken : undefined
          if (token !== undefined) {
            kept.push({ entry, slot, token: nameOf(token), from: this.machine.now, to: Number.POSITIVE_INFINITY })
          }
        }),
      entries: Effect.sync(() => [...entries]),
      withdraw: (entry) =>
        Effect.sync(() => {
          entries.splice(entries.indexOf(entry), 1)
          for (const one of kept) if (one.entry === entry) one.to = Math.min(one.to, this.machine.now)
        })
    }
  }

  private readonly contextOf = (lane: Lane): Context.Context<never> =>
    Context.empty().pipe(
      Context.add(Scheduler.Scheduler, lane.scheduler),
      Context.add(Clock.Clock, lane.clock),
      Context.add(Random.Random, {
        nextIntUnsafe: () => this.prng.between(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
        nextDoubleUnsafe: this.prng.next
      }),
      Context.add(References.TracerEnabled, false),
      Context.add(
        Logger.CurrentLoggers,
        new Set([Logger.make(({ message }) => {
          if (secret.test(String(message))) this.wrong.push(`I11: ${lane.name} logs ${String(message)}`)
          if (String(message).includes("died")) this.wrong.push(`I12: ${lane.name} logs ${String(message)}`)
        })])
      )
    )

  private readonly now = <A>(effect: Effect.Effect<A>): A => Effect.runSyncWith(this.context)(effect)

  private readonly keyOf = (account: string): GrantKey.GrantKey => {
    const about = this.accounts.get(account)
    if (about === undefined) throw new Error(`There is no ${account}`)
    return about.key
  }

  private readonly someAccount = (): string => `a${this.prng.between(0, this.plan.accounts - 1)}`

  private readonly deed = (account: string, what: Deed["what"], family?: string): void => {
    this.deeds.push({ at: this.machine.now, account, what, family })
  }

  private readonly accountOf = (id: string): string => {
    for (const [account, { key }] of this.accounts) if (key.id === id) return account
    throw new Error(`Nobody has ${id}`)
  }

  private readonly befall = (what: Faults.Name): void => {
    this.befell.set(what, (this.befell.get(what) ?? 0) + 1)
  }

  private readonly say = (by: string, what: string): void => {
    if (!this.isAloud) return
    this.trace.push(`${String(this.machine.now - Machine.epoch).padStart(10)} ${by.padEnd(8)} ${what}`)
  }
}

const endings: ReadonlySet<string> = new Set(["ReauthorizationRequired", "RenewalPending"])

// a token of the test server
const secret = /test-f\d+-[ar]\d+-[0-9a-f]/

const wording = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "ReauthorizationRequired" || reason._tag === "RenewalPending"
    ? `${reason._tag} ${reason.why}`
    : reason._tag
