// How a contender's process measures itself. It is started with `--expose-gc` and a young generation so large that
// nothing is collected while allocation is counted.
import type { Scale } from "./Workload.ts"

export const scaled = (count: number, scale: Scale): number => scale === "short" ? Math.ceil(count / 3) : count

/** Collects what can be collected, and says what is held then. */
export const heldBytes = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const chunks = 10

const portions = 25

/**
 * Bytes that one call allocates, given something that makes `count` of them. Warmed up before it is measured, in portions:
 * what is told is the one in the middle, since one in which something is collected after all seems to have allocated
 * less, or nothing.
 */
export const bytesOf = async (count: number, calls: (count: number) => Promise<unknown>): Promise<number> => {
  await calls(count)
  heldBytes()
  const few = Math.ceil(count / 4 / portions)
  const bytes: Array<number> = []
  for (let portion = 0; portion < portions; portion++) {
    const heap = process.memoryUsage().heapUsed
    await calls(few)
    bytes.push((process.memoryUsage().heapUsed - heap) / few)
  }
  return median(bytes)
}

/**
 * CPU time and allocation of one call, given something that makes `count` of them. Warmed up before it is measured; the
 * time is that of the best of ten chunks, since what a chunk takes longer is the compiler's, or the machine's.
 */
export const perCall = async (
  count: number,
  calls: (count: number) => Promise<unknown>
): Promise<{ readonly ns: number; readonly bytes: number }> => {
  const bytes = await bytesOf(count, calls)
  let ns = Number.POSITIVE_INFINITY
  for (let chunk = 0; chunk < chunks; chunk++) {
    const cpu = process.cpuUsage()
    await calls(count / chunks)
    const { system, user } = process.cpuUsage(cpu)
    ns = Math.min(ns, (user + system) * 1000 / (count / chunks))
  }
  return { ns, bytes }
}

/** What one call took, in microseconds. */
export interface Took {
  readonly cpu: number
  readonly wall: number
}

/**
 * CPU and wall time of one call each of several, given what makes `count` of them. They take turns, chunk by chunk, after a
 * warm-up of each: all have the same machine, heap and neighbours. What is told of each is its lower quartile: the best
 * chunk is one in which nothing was collected, and the slower half are the machine's.
 */
export const inTurns = async <const Calls extends ReadonlyArray<(count: number) => Promise<unknown>>>(
  count: number,
  turns: number,
  calls: Calls
): Promise<{ readonly [K in keyof Calls]: Took }> => {
  for (const call of calls) await call(count)
  const took = calls.map((): Array<Took> => [])
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, call] of calls.entries()) took[index]?.push(await spent(() => call(count / turns)))
  }
  const each = (numbers: ReadonlyArray<number>) => lowerQuartile(numbers) * turns / count
  return took.map((all) => ({
    cpu: each(all.map(({ cpu }) => cpu)),
    wall: each(all.map(({ wall }) => wall))
  })) as { [K in keyof Calls]: Took }
}

const lowerQuartile = (numbers: ReadonlyArray<number>): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 4)] ?? NaN

/** CPU and wall time of something, in microseconds. */
export const spent = async <A>(
  run: () => Promise<A>
): Promise<{ readonly cpu: number; readonly wall: number; readonly value: A }> => {
  const before = performance.now()
  const start = process.cpuUsage()
  const value = await run()
  const { system, user } = process.cpuUsage(start)
  return { cpu: user + system, wall: (performance.now() - before) * 1000, value }
}

/** The number in the middle of a list. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2
}
