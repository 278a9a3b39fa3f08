/**
 * How fast: a pace at which things begin one after the other, and a budget that
 * fills up by and by.
 */
import type { Stopwatch } from "./stopwatch.ts"

/** So many in so much time, in milliseconds. */
export interface Rate {
  readonly permits: number
  readonly interval: number
}

/** Beginnings that are evenly spread. */
export class Pace {
  private next = 0
  private readonly gap: number
  private readonly elapsed: Stopwatch

  constructor(rate: Rate, elapsed: Stopwatch) {
    this.gap = rate.interval / rate.permits
    this.elapsed = elapsed
  }

  /** Takes the next place, and tells in how many milliseconds it is. */
  take(): number {
    const now = this.elapsed()
    const place = Math.max(now, this.next)
    this.next = place + this.gap
    return place - now
  }
}

/** A budget for each name. One that is full takes no memory. */
export class Budgets {
  private readonly spent = new Map<string, { amount: number; at: number }>()
  private readonly rate: Rate
  private readonly elapsed: Stopwatch

  constructor(rate: Rate, elapsed: Stopwatch) {
    this.rate = rate
    this.elapsed = elapsed
  }

  /** Spends one of a budget, where one is left. */
  spend(name: string): boolean {
    const now = this.elapsed()
    const amount = this.left(name, now)
    if (amount > this.rate.permits - 1) return false
    this.spent.set(name, { amount: amount + 1, at: now })
    return true
  }

  /** Forgets the budgets that have filled up. */
  tidy(): void {
    const now = this.elapsed()
    for (const name of this.spent.keys()) if (this.left(name, now) === 0) this.spent.delete(name)
  }

  get size(): number {
    return this.spent.size
  }

  private left(name: string, now: number): number {
    const spent = this.spent.get(name)
    return spent === undefined
      ? 0
      : Math.max(0, spent.amount - (now - spent.at) * this.rate.permits / this.rate.interval)
  }
}
