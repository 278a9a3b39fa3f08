/** Chance that comes again with its seed. */

/** A source of chance. */
export interface Random {
  /** A whole number from 0 up to, and without, `below`. */
  readonly below: (below: number) => number
  /** One of some values. */
  readonly of: <A>(values: ReadonlyArray<A>) => A
  /** Whether something happens that happens once in so many times. */
  readonly onceIn: (times: number) => boolean
}

/** Makes a source from a seed. */
export const make = (seed: number): Random => {
  let state = (seed ^ 0x9e3779b9) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (below: number): number => Math.floor(next() * below)
  return {
    below,
    of: (values) => {
      const value = values[below(values.length)]
      if (value === undefined && values.length === 0) throw new Error("there is nothing to choose from")
      return value as (typeof values)[number]
    },
    onceIn: (times) => below(times) === 0
  }
}
