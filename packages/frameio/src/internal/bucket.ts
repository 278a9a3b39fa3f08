/**
 * What this process knows of one of Frame.io's limits.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { Told } from "../FrameIoRateLimits.ts"

/**
 * A leaky bucket, as this process sees it: what the answers tell, and the calls that were sent and have no answer yet. An
 * answer may have counted some of those and not others, so all of them count until theirs is heard.
 */
export class Bucket {
  readonly gate: Semaphore.Semaphore = Semaphore.makeUnsafe(1)
  /** How many wait at the gate, or before it. */
  waiting = 0
  /** Something is known that may end a wait sooner, or make it longer. */
  changed: Deferred.Deferred<void> = Deferred.makeUnsafe()
  private limit = assumed.limit
  private window = assumed.window
  private level = 0
  private at: number
  private restUntil = 0
  private sent = 0
  private unanswered = 0
  /** How many had been sent when the answer was heard that `level` is from; none was heard. */
  private heardAfter = Number.NEGATIVE_INFINITY

  constructor(now: number) {
    this.at = now
  }

  /** Milliseconds until there is room for one more. */
  get interval(): number {
    return this.window / this.limit
  }

  isIdle(now: number): boolean {
    return this.waiting === 0 && this.unanswered === 0 && this.restUntil <= now && this.levelAt(now) === 0
  }

  /** Milliseconds until the next call may be sent. */
  wait(now: number): number {
    const over = this.levelAt(now) + this.unanswered + 1 - this.limit
    return Math.max(0, this.restUntil - now, over > imprecision ? (over - imprecision) * this.interval : 0)
  }

  /** Counts a call, and numbers it. */
  send(): number {
    this.unanswered++
    return ++this.sent
  }

  /** Takes what the answer to a call tells, if it tells anything. */
  hear(told: Told | undefined, serial: number, now: number): void {
    this.unanswered--
    if (told === undefined) {
      // it may have counted
      this.fill(this.levelAt(now) + 1, now)
    } else {
      const level = told.limit - told.remaining
      // of two answers that were under way together, either may be the later one
      const isLater = serial > this.heardAfter
      const known = this.levelAt(now)
      this.limit = told.limit
      this.window = Duration.toMillis(told.window)
      this.fill(isLater ? level : Math.max(level, known), now)
      if (isLater) this.heardAfter = this.sent
    }
    this.change()
  }

  /** The API tells nothing of limits. */
  open(): void {
    if (this.heardAfter < 0) this.limit = Number.POSITIVE_INFINITY
  }

  /** Nothing is sent before. */
  rest(until: number): void {
    this.restUntil = Math.max(this.restUntil, until)
    this.change()
  }

  private levelAt(now: number): number {
    return this.limit === Number.POSITIVE_INFINITY
      ? 0
      : Math.max(0, this.level - Math.max(0, now - this.at) / this.interval)
  }

  private fill(level: number, now: number): void {
    this.level = level
    this.at = now
  }

  private change(): void {
    Deferred.doneUnsafe(this.changed, Effect.void)
    this.changed = Deferred.makeUnsafe()
  }
}

// What is assumed until an answer tells: the smallest of the documented limits, three in a second.
const assumed = { limit: 3, window: 1_000 }

// of a drop
const imprecision = 1e-6
