/**
 * Virtual time and virtual processors. Every process has a lane of its own, upon
 * which its fibers run one step after the other; which lane comes next is drawn
 * by chance, so a seed is a schedule. Nothing here waits for real time or for
 * the event loop of the host: a run is one synchronous call, and repeats.
 *
 * It takes the place of `TestClock`, which lets the host's event loop turn after
 * every woken sleep, and knows neither steps nor processes that stop.
 */
import { type Clock, Data, Duration, Effect, type Scheduler } from "effect"

/** Numbers by chance that repeat with the seed. */
export class Prng {
  private state: number

  constructor(seed: number) {
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  }

  /** Between 0 and 1, without 1. */
  readonly next = (): number => {
    let t = this.state = (this.state + 0x6d2b79f5) >>> 0
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number, both ends included. */
  readonly between = (least: number, most: number): number => least + Math.floor(this.next() * (most - least + 1))

  readonly chance = (probability: number): boolean => this.next() < probability

  readonly pick = <A>(of: readonly [A, ...ReadonlyArray<A>]): A => of[Math.floor(this.next() * of.length)] ?? of[0]
}

interface Timer {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

/** The machine did not come to rest: somebody goes round in circles. */
export class Livelock extends Data.TaggedError("Livelock")<{ readonly message: string }> {}

/** Time, and whoever acts in it. */
export class Machine {
  static readonly epoch = Date.UTC(2030, 0, 1)

  now = Machine.epoch
  readonly prng: Prng
  readonly lanes: Array<Lane> = []
  private readonly timers: Array<Timer> = []
  private order = 0
  private readonly mostSteps: number
  private steps = 0

  constructor(prng: Prng, mostSteps = 2_000_000) {
    this.prng = prng
    this.mostSteps = mostSteps
  }

  /** Does something later; the result calls it off. */
  after(millis: number, run: () => void): () => void {
    if (!Number.isFinite(millis)) return () => {}
    const timer: Timer = { at: this.now + Math.max(0, millis), order: this.order++, run }
    this.push(timer)
    return () => {
      timer.run = undefined
    }
  }

  /** Runs all lanes until nothing is left to do, and time until `until`. */
  run(until: number): void {
    while (true) {
      let lane = this.choose()
      while (lane !== undefined) {
        if (++this.steps > this.mostSteps) throw new Livelock({ message: `no rest after ${this.steps} steps` })
        lane.step()
        lane = this.choose()
      }
      const next = this.timers[0]
      if (next === undefined || next.at > until) break
      this.pop()
      if (next.run === undefined) continue
      this.now = next.at
      next.run()
    }
    this.now = Math.max(this.now, until)
  }

  private choose(): Lane | undefined {
    let ready = 0
    for (const lane of this.lanes) if (lane.isReady) ready++
    if (ready === 0) return undefined
    let skip = ready === 1 ? 0 : this.prng.between(0, ready - 1)
    for (const lane of this.lanes) if (lane.isReady && skip-- === 0) return lane
    return undefined
  }

  private push(timer: Timer): void {
    const { timers } = this
    let at = timers.length
    timers.push(timer)
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = timers[up]
      if (parent === undefined || !isBefore(timer, parent)) break
      timers[at] = parent
      at = up
    }
    timers[at] = timer
  }

  private pop(): void {
    const { timers } = this
    const last = timers.pop()
    if (last === undefined || timers.length === 0) return
    let at = 0
    while (true) {
      const left = timers[2 * at + 1]
      const right = timers[2 * at + 2]
      const down = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1
      const child = timers[down]
      if (child === undefined || !isBefore(child, last)) break
      timers[at] = child
      at = down
    }
    timers[at] = last
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A virtual processor: the steps of one process, and its clock. */
export class Lane {
  state: "running" | "suspended" | "dead" = "running"
  /** How many steps it has made. */
  steps = 0
  /** The wall clock of the process minus that of the machine. */
  offset = 0
  readonly name: string
  private readonly machine: Machine
  private readonly rate: number
  private ready: Array<() => void> = []
  private head = 0
  private asleep = 0
  private asleepSince = 0
  private readonly watchers: Array<{ readonly at: number; readonly run: () => void }> = []

  constructor(machine: Machine, name: string, rate = 1) {
    this.machine = machine
    this.name = name
    this.rate = rate
    machine.lanes.push(this)
  }

  get isReady(): boolean {
    return this.state === "running" && this.head < this.ready.length
  }

  /** Lets something happen in this process, when it is its turn. */
  post(task: () => void): void {
    if (this.state !== "dead") this.ready.push(task)
  }

  step(): void {
    const task = this.ready[this.head++]
    if (this.head === this.ready.length) {
      this.ready = []
      this.head = 0
    }
    this.steps++
    task?.()
    const watcher = this.watchers[0]
    if (watcher !== undefined && watcher.at <= this.steps) {
      this.watchers.shift()
      watcher.run()
    }
  }

  /** Does something after so many more steps of this process. */
  afterSteps(steps: number, run: () => void): void {
    this.watchers.push({ at: this.steps + steps, run })
    this.watchers.sort((a, b) => a.at - b.at)
  }

  suspend(): void {
    if (this.state !== "running") return
    this.state = "suspended"
    this.asleepSince = this.machine.now
  }

  resume(): void {
    if (this.state !== "suspended") return
    this.state = "running"
    this.asleep += this.machine.now - this.asleepSince
  }

  /** Ends it between two steps: nothing is finalized, nothing is said to anybody. */
  kill(): void {
    this.state = "dead"
    this.ready = []
    this.head = 0
    const index = this.machine.lanes.indexOf(this)
    if (index >= 0) this.machine.lanes.splice(index, 1)
  }

  readonly scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => fiber.currentOpCount >= 2048,
    makeDispatcher: () => ({ scheduleTask: (task) => this.post(task), flush: () => {} })
  }

  private readonly wall = () => Math.floor(Machine.epoch + (this.machine.now - Machine.epoch) * this.rate + this.offset)

  // stands still while the host is suspended
  private readonly monotonic = () =>
    BigInt(Math.floor(((this.machine.now - Machine.epoch) * this.rate - this.asleep) * 1e6))

  readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: this.wall,
    currentTimeMillis: Effect.sync(this.wall),
    currentTimeNanosUnsafe: () => BigInt(this.wall()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(this.wall()) * 1_000_000n),
    monotonicTimeNanosUnsafe: this.monotonic,
    monotonicTimeNanos: Effect.sync(this.monotonic),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const cancel = this.machine.after(
          Duration.toMillis(duration) / this.rate,
          () => this.post(() => resume(Effect.void))
        )
        return Effect.sync(cancel)
      })
  }
}
