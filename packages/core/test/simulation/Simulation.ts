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
import { type Ledger, TestAuthorizationServer, TestCrypto, TestHttp } from "@effect-oauth/core/testing"
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
import * as Faults from "./Faults.ts"
import { Lane, Machine, Prng } from "./Machine.ts"
import { type Call, type Fate, nameOf, SharedStore, type Written } from "./SharedStore.ts"

/** What a seed stands for. */
export interface Plan {
  readonly seed: number
  readonly rotation: Faults.Rotation
  /** What goes wrong most; nothing goes wrong in a calm run. */
  readonly focus: Faults.Name | "nothing"
  readonly processes: number
  readonly accounts: number
  /** How often anything else goes wrong, from 0 to 1. */
  readonly noise: number
  readonly escrow: boolean
  readonly notified: boolean
}

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

/** Everything that is known of a run. */
export interface Facts {
  readonly plan: Plan
  readonly policy: RefreshPolicy.RefreshPolicy
  readonly rotation: RotationPolicy.RotationPolicy
  readonly ledger: ReadonlyArray<Ledger.Entry>
  readonly written: ReadonlyArray<Written>
  readonly known: ReadonlySet<string>
  readonly lives: ReadonlyMap<string, Life>
  readonly told: ReadonlyArray<Told>
  readonly deeds: ReadonlyArray<Deed>
  /** The accounts, by the ids of their keys. */
  readonly accounts: ReadonlyMap<string, string>
  /** The fault of an exchange, by its number. */
  readonly faults: ReadonlyMap<number, Faults.Name>
  /** What went wrong, and how often. */
  readonly reached: ReadonlyMap<string, number>
  /** Judgements and conclusions that were reached, and how often. */
  readonly rows: ReadonlyMap<string, number>
  /** What each account's callers were told when the world had come to rest. */
  readonly atRest: ReadonlyArray<Told>
  readonly restAt: number
  /** Callers of living processes who were told nothing. */
  readonly waiting: number
  /** What was seen to be wrong while it happened. */
  readonly wrong: ReadonlyArray<string>
  readonly trace: ReadonlyArray<string>
}

/** What a seed stands for. Seeds go through all faults and rotations in turn. */
export const plan = (seed: number): Plan => {
  const prng = new Prng(seed)
  const rotation = Faults.rotationNames[seed % Faults.rotationNames.length] ?? "strict"
  const foci: ReadonlyArray<Plan["focus"]> = ["nothing", ...Faults.names]
  const focus = foci[Math.floor(seed / Faults.rotationNames.length) % foci.length] ?? "nothing"
  return {
    seed,
    rotation,
    focus,
    processes: prng.between(1, 3),
    accounts: prng.between(1, 2),
    noise: focus === "nothing" ? 0 : prng.pick([0, 0, 0.02, 0.1, 0.3]),
    escrow: prng.chance(0.7),
    notified: prng.chance(0.7)
  }
}

/** Runs a seed. */
export const run = (seed: number, changes?: Partial<Plan>): Facts => {
  // taking stack traces of errors that are only values is half of the time
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new World({ ...plan(seed), ...changes }).run()
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
    notified: true
  }).interruptAt(step)

// where a pair is renewed once, there is a login for every renewal: they are to be as many as elsewhere
const lifetimeOf = (rotation: Faults.Rotation): number => rotation === "one shot" ? 100_000 : 300_000
const horizon = 1_500_000

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
  jumped: boolean
  isCutOff: boolean
  waiting: number
}

class World {
  private readonly prng: Prng
  private readonly machine: Machine
  private readonly store: SharedStore
  private readonly outside: Lane
  private readonly context: Context.Context<never>
  private readonly server: TestAuthorizationServer.TestAuthorizationServer["Service"]
  private readonly policy = RefreshPolicy.defaults
  private readonly slots: Array<Process | undefined> = []
  private readonly escrows: Array<Array<Escrow.Entry>> = []
  private readonly accounts = new Map<string, { readonly key: GrantKey.GrantKey; isBusy: boolean }>()
  private readonly lives = new Map<string, Life>()
  private readonly told: Array<Told> = []
  private readonly atRest: Array<Told> = []
  private readonly deeds: Array<Deed> = []
  private readonly faults = new Map<number, Faults.Name>()
  private readonly reached = new Map<string, number>()
  private readonly rows = new Map<string, number>()
  private readonly wrong: Array<string> = []
  private readonly trace: Array<string> = []
  private readonly plan: Plan
  /** What is to happen in the middle of a renewal. */
  private readonly waiting = new Set<() => void>()
  private storeIs: "up" | "down" | "hanging" = "up"
  private isQuiet = true
  private isAtRest = false
  private started = 0

  constructor(plan: Plan) {
    this.plan = plan
    this.prng = new Prng(plan.seed * 7919 + 1)
    this.machine = new Machine(this.prng)
    this.store = new SharedStore(this.machine, (grant) => {
      if (grant?.state._tag === "Renewing") { for (const act of Array.from(this.waiting)) act() }
    })
    this.outside = new Lane(this.machine, "server")
    this.context = this.contextOf(this.outside)
    const scope = Scope.makeUnsafe()
    this.server = Effect.runSyncWith(this.context)(Scope.provide(
      TestAuthorizationServer.make({
        seed: plan.seed,
        rotation: Faults.rotationOf(plan.rotation, plan.seed),
        accessTokenLifetime: lifetimeOf(plan.rotation)
      }),
      scope
    ))
    this.now(this.server.injectBy((exchange) => this.fateOfExchange(exchange)))
    for (let i = 0; i < plan.accounts; i++) {
      const client = this.server.clientAuthentication().clientId
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
      written: this.store.written,
      known: this.store.known,
      lives: this.lives,
      told: this.told,
      deeds: this.deeds,
      accounts: new Map(Array.from(this.accounts, ([account, { key }]) => [key.id, account])),
      faults: this.faults,
      reached: this.reached,
      rows: this.rows,
      atRest: this.atRest,
      restAt: this.restAt,
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
    this.storeIs = "up"
    for (const process of this.slots) {
      if (process === undefined) continue
      process.isCutOff = false
      process.lane.resume()
    }
    this.end(this.lives.values())
    machine.run(machine.now + 120_000)
    this.slots.forEach((process, slot) => process === undefined && this.start(slot))
    // a renewal that rests, rests for hours at most
    let good = 0
    for (let round = 0; round < 16 && good < 2; round++) {
      machine.run(machine.now + (round < 2 ? 600_000 : 3_600_000))
      this.atRest.length = 0
      for (const process of this.slots) {
        for (const account of this.accounts.keys()) this.ask(process, account, "token", this.atRest)
      }
      machine.run(machine.now + 120_000)
      const settled = this.atRest.length === this.plan.processes * this.accounts.size &&
        this.atRest.every(({ token, why }) =>
          token !== undefined || why?.startsWith("ReauthorizationRequired") === true
        )
      good = settled ? good + 1 : 0
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
    const lane = new Lane(machine, name, prng.chance(0.3) ? 1 + (prng.next() - 0.5) * 0.02 : 1)
    lane.offset = prng.chance(0.5) ? prng.between(-600_000, 600_000) : 0
    const life: Life = { name, ended: undefined, suspended: [], cutOff: [], hindered: [], events: [] }
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
      jumped: false,
      isCutOff: false,
      waiting: 0
    }
    this.slots[slot] = process
    this.lives.set(name, life)
    this.say(name, "starts")

    const layer = TokenService.layerWith().pipe(
      Layer.provide([
        TokenEndpoint.layer.pipe(
          Layer.provide(TestHttp.layerClient(this.client(process))),
          (layer) =>
            Layer.effect(
              TokenEndpoint.TokenEndpoint,
              Effect.map(TokenEndpoint.TokenEndpoint, (endpoint) => this.counting(endpoint))
            ).pipe(
              Layer.provide(layer)
            )
        ),
        Revocation.layer.pipe(Layer.provide(TestHttp.layerClient(this.client(process)))),
        TestCrypto.layer({ seed: plan.seed * 64 + this.started }),
        Layer.succeed(
          TokenStore.TokenStore,
          this.store.connect({
            lane,
            fate: (call) => this.fateOfCall(process, call),
            crash: () => this.kill(process),
            notified: plan.notified
          })
        ),
        plan.escrow ? Layer.succeed(Escrow.Escrow, this.escrow(slot)) : Layer.empty
      ]),
      Layer.provide(Layer.succeed(AuthorizationServer.AuthorizationServer, this.server.description)),
      Layer.provide(Layer.succeed(ClientAuthentication.ClientAuthentication, this.server.clientAuthentication()))
    )
    const opened = Effect.gen({ self: this }, function*() {
      const service = Context.get(yield* Layer.buildWithScope(layer, process.scope), TokenService.TokenService)
      yield* Effect.forkIn(
        Stream.runForEach(service.events, (event) =>
          Effect.sync(() => {
            life.events.push({ at: machine.now, event })
            this.count(this.rows, `event ${event._tag}${event._tag === "Ended" ? ` ${event.why}` : ""}`)
            this.say(name, `event ${event._tag}${"why" in event ? ` ${event.why}` : ""}`)
          })),
        process.scope
      )
      process.service = service
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
      if (this.isAtRest || how === "patiently" || !prng.chance(0.15)) return
      if (prng.chance(0.5)) process.lane.afterSteps(prng.between(0, 12), () => fiber.interruptUnsafe())
      else machine.after(prng.between(0, 3_000), () => process.lane.post(() => fiber.interruptUnsafe()))
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
    if (failure === undefined) this.wrong.push(`I12: a caller of ${by} got a defect: ${Cause.pretty(exit.cause)}`)
    this.say(by, `${method} ${account}: ${why}`)
    if (why.startsWith("ReauthorizationRequired") && !this.isAtRest) this.reconnect(account)
    if (method === "token" && !process.closing) this.expectNone(process, account, asked, why)
    return { at, asked, by, account, method, why, durable: false }
  }

  // the person is asked to connect again, and mostly does
  private reconnect(account: string): void {
    if (this.plan.rotation !== "one shot" && this.prng.chance(0.5)) return
    this.machine.after(this.prng.between(1_000, 60_000), () => {
      const state = this.store.standing(this.keyOf(account).id)?.state._tag
      if (!this.isAtRest && (state === "ReauthorizationRequired" || state === "Revoked")) {
        this.login(account, this.slots.find((process) => process?.service !== undefined))
      }
    })
  }

  // I7: whoever was told that there is no token must not have one that could still be used
  private expectNone(process: Process, account: string, asked: number, why: string): void {
    const held = process.held.get(account)
    const standing = this.store.standing(this.keyOf(account).id)
    if (held === undefined || process.jumped || standing === undefined) return
    // that the grant has ended is the server's word or ours, and is looked at when all is over
    if (why.startsWith("ReauthorizationRequired")) return
    if (this.deeds.some((deed) => deed.account === account && deed.at >= held.at - 60_000)) return
    if (!this.now(this.server.isLive(held.token.value))) return
    if (asked > held.until - 10_000 || this.machine.now > held.until - 10_000) return
    this.wrong.push(`I7: ${process.life.name} has ${nameOf(held.token.value)} of ${account} and says ${why}`)
  }

  private endOf(name: string): number {
    const ledger = this.now(this.server.ledger)
    const issued = ledger.findLast((entry) => entry.kind === "issued" && entry.token === name)
    if (issued === undefined) return 0
    // a client counts from before it asked
    const asked = ledger.find((entry) => entry.kind === "presented" && entry.exchange === issued.exchange)
    return (asked ?? issued).at + lifetimeOf(this.plan.rotation)
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
      const times = prng.between(6, 12)
      for (let i = 0; i < times; i++) this.machine.after(prng.between(0, horizon), () => this.happen(focus))
    }
    const others = Math.round(noise * 20)
    for (let i = 0; i < others; i++) {
      const what = prng.pick(Faults.happenings)
      this.machine.after(prng.between(0, horizon), () => this.happen(what))
    }
  }

  private happen(what: Faults.Happening): void {
    const { machine, prng } = this
    if (this.isAtRest) return
    const process = this.slots[prng.between(0, this.slots.length - 1)]
    const account = this.someAccount()
    const { id } = this.keyOf(account)
    const soon = (act: () => void): void => {
      // in the middle of a renewal, if there is one soon
      const once = () => {
        if (waiting.delete(once) && !this.isAtRest) machine.after(prng.chance(0.8) ? prng.between(0, 100) : 0, act)
      }
      const { waiting } = this
      waiting.add(once)
      machine.after(120_000, once)
    }
    const at = (act: () => void) => prng.chance(0.7) ? soon(act) : act()
    const reached = () => {
      this.count(this.reached, `${what} / ${this.plan.rotation}`)
      this.say("", `*** ${what}`)
    }
    switch (what) {
      case "crash":
        return at(() => {
          if (process === undefined || process.life.ended !== undefined) return
          reached()
          this.kill(process)
        })
      case "closing":
        return at(() => {
          if (process === undefined || process.life.ended !== undefined) return
          reached()
          this.close(process)
        })
      case "short pause":
        return at(() => this.pause(process, prng.between(100, 20_000), reached))
      case "long pause":
        return at(() => this.pause(process, prng.between(30_000, 90_000), reached))
      case "very long pause":
        return at(() => this.pause(process, prng.between(90_000, 800_000), reached))
      case "cut off":
        return at(() => this.cutOff(process, prng.between(1_000, 35_000), reached))
      case "long cut off":
        return at(() => this.cutOff(process, prng.between(35_000, 300_000), reached))
      case "store down":
      case "store hanging":
        return at(() => {
          if (this.storeIs !== "up") return
          reached()
          this.storeIs = what === "store down" ? "down" : "hanging"
          const length = prng.chance(0.5) ? prng.between(1_000, 40_000) : prng.between(40_000, 200_000)
          machine.after(length, () => {
            this.say("", "*** store up")
            this.storeIs = "up"
          })
        })
      case "store goes back in time": {
        const standing = this.store.standing(id)
        const earlier = this.store.written.findLast(({ grant }) =>
          grant !== undefined && grant.key === id && grant.lineage === standing?.lineage &&
          grant.serial < standing.serial && grant.state._tag === "Active"
        )?.grant
        if (earlier === undefined || standing === undefined || standing.state._tag === "Revoked") return
        reached()
        this.deed(account, "went back", undefined)
        return this.store.goBack(earlier)
      }
      case "clock jumps":
        if (process === undefined) return
        reached()
        process.jumped = true
        process.lane.offset += prng.pick([-3_600_000, -60_000, 60_000, 400_000, 3_600_000])
        return
      case "login":
        return at(() => {
          reached()
          this.login(account, this.slots.find((process) => process?.service !== undefined))
        })
      case "revocation":
        return at(() => {
          const { service } = process ?? {}
          if (process === undefined || service === undefined || process.closing) return
          reached()
          this.deed(account, "revocation")
          this.in(process, Effect.ignore(service.revoke(this.keyOf(account))))
          if (prng.chance(0.7)) machine.after(prng.between(1_000, 120_000), () => this.login(account, this.slots[0]))
        })
      case "revocation by the provider":
        return at(() => {
          const standing = this.store.standing(id)
          const token = standing?.body._tag === "Open" ? standing.body.refreshToken : undefined
          if (token === undefined) return
          reached()
          this.deed(account, "provider", nameOf(token).split("-")[0])
          this.now(this.server.revoke(token))
          if (prng.chance(0.7)) machine.after(prng.between(1_000, 300_000), () => this.login(account, this.slots[0]))
        })
      case "ended by the provider's word":
        return at(() => {
          const { service } = process ?? {}
          if (process === undefined || service === undefined || process.closing) return
          reached()
          this.deed(account, "ended")
          this.in(process, Effect.ignore(service.ended(this.keyOf(account))))
          if (prng.chance(0.7)) machine.after(prng.between(1_000, 300_000), () => this.login(account, this.slots[0]))
        })
    }
  }

  private pause(process: Process | undefined, millis: number, reached: () => void): void {
    if (process === undefined || process.lane.state !== "running") return
    reached()
    this.say(process.life.name, `is stopped for ${millis}`)
    process.lane.suspend()
    process.life.suspended.push({ from: this.machine.now, to: this.machine.now + millis })
    this.machine.after(millis, () => process.lane.resume())
  }

  private cutOff(process: Process | undefined, millis: number, reached: () => void): void {
    if (process === undefined || process.isCutOff) return
    reached()
    this.say(process.life.name, `is cut off from the store for ${millis}`)
    process.isCutOff = true
    process.life.cutOff.push({ from: this.machine.now, to: this.machine.now + millis })
    this.machine.after(millis, () => {
      process.isCutOff = false
    })
  }

  private fateOfExchange(
    exchange: Ledger.Exchange
  ): ReturnType<typeof Faults.exchanges[Faults.ExchangeFault]> | undefined {
    if (this.isQuiet || exchange.endpoint !== "token") return undefined
    const { prng } = this
    const { focus, noise } = this.plan
    const name = Faults.isExchangeFault(focus as Faults.Name) && prng.chance(0.5)
      ? focus as Faults.ExchangeFault
      : prng.chance(noise)
      ? prng.pick(Object.keys(Faults.exchanges) as [Faults.ExchangeFault])
      : undefined
    if (name === undefined) return undefined
    this.count(this.reached, `${name} / ${this.plan.rotation}`)
    this.faults.set(exchange.number, name)
    this.say(exchange.by, `#${exchange.number} *** ${name}`)
    return Faults.exchanges[name](prng)
  }

  private fateOfCall(process: Process, call: Call): Fate {
    if (this.isQuiet) return "pass"
    const { prng } = this
    const { focus, noise } = this.plan
    const hindered = (fate: Fate): Fate => {
      process.life.hindered.push(this.machine.now)
      return fate
    }
    if (this.storeIs === "down" || process.isCutOff) return hindered(prng.chance(0.8) ? "fail" : "hang")
    if (this.storeIs === "hanging") return hindered("hang")
    const likely = call.what === "write" ? 0.15 : 0.03
    const name = Faults.isCallFault(focus as Faults.Name) && prng.chance(likely)
      ? focus as Faults.CallFault
      : prng.chance(noise / 10)
      ? prng.pick(Object.keys(Faults.calls) as [Faults.CallFault])
      : undefined
    if (name === undefined) return "pass"
    if (name.startsWith("crash") && call.what !== "write") return "pass"
    this.count(this.reached, `${name} / ${this.plan.rotation}`)
    this.say(call.by, `*** ${name} (${call.what} ${call.state ?? ""})`)
    return hindered(Faults.calls[name])
  }

  // -- parts -----------------------------------------------------------------------------------

  private readonly client = (process: Process): HttpClient.HttpClient => {
    const inner = this.server.httpClient(process.life.name)
    return HttpClient.make((request) =>
      Effect.callback((resume) => {
        // the way to the server and back; the server goes on when the process does not
        let fiber: Fiber.Fiber<unknown, unknown> | undefined
        const cancel = this.machine.after(this.prng.between(1, 40), () => {
          if (process.life.ended !== undefined) return
          const sent = Effect.runForkWith(this.context)(inner.execute(request))
          fiber = sent
          process.requests.add(sent)
          sent.addObserver((exit) => {
            process.requests.delete(sent)
            this.machine.after(this.prng.between(1, 40), () => process.lane.post(() => resume(exit)))
          })
        })
        return Effect.sync(() => {
          cancel()
          fiber?.interruptUnsafe()
        })
      })
    )
  }

  private readonly counting = (
    endpoint: TokenEndpoint.TokenEndpoint["Service"]
  ): TokenEndpoint.TokenEndpoint["Service"] => ({
    ...endpoint,
    exchange: (request, options) =>
      Effect.tap(endpoint.exchange(request, options), (judgement) =>
        Effect.sync(() => {
          const row = judgement._tag === "Refused"
            ? `Refused (${judgement.endsGrant ? "ends the grant" : "does not end the grant"})`
            : judgement._tag === "Unusable"
            ? `Unusable (${judgement.refreshToken === undefined ? "nothing kept" : "quarantined"})`
            : judgement._tag
          this.count(this.rows, row)
          this.say("", `judged ${row} ${judgement._tag === "Granted" ? "" : judgement.reason._tag}`)
        }))
  })

  private readonly escrow = (slot: number): Escrow.Escrow["Service"] => {
    const entries = this.escrows[slot] ?? []
    return {
      deposit: (entry) => Effect.sync(() => void entries.push(entry)),
      entries: Effect.sync(() => [...entries]),
      withdraw: (entry) => Effect.sync(() => void entries.splice(entries.indexOf(entry), 1))
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

  private readonly count = (counts: Map<string, number>, what: string): void => {
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }

  private readonly say = (by: string, what: string): void => {
    this.trace.push(`${String(this.machine.now - Machine.epoch).padStart(10)} ${by.padEnd(8)} ${what}`)
  }
}

const wording = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "ReauthorizationRequired" || reason._tag === "RenewalPending"
    ? `${reason._tag} ${reason.why}`
    : reason._tag
