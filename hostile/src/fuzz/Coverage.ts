/**
 * Which parts of the library an input has reached, by V8's own counters: an input that reaches a new part is worth
 * changing further.
 */
import { Session } from "node:inspector/promises"

/** Counts what is reached from here on. */
export interface Coverage {
  /** How many parts were reached since the last call that had not been reached before. */
  readonly more: () => Promise<number>
  /** How many parts were reached at all. */
  readonly size: () => number
}

/** Begins to count. */
export const make = async (): Promise<Coverage> => {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true })
  const reached = new Set<string>()
  return {
    size: () => reached.size,
    more: async () => {
      const { result } = await session.post("Profiler.takePreciseCoverage")
      const before = reached.size
      for (const { functions, url } of result) {
        if (!/\/packages\/[^/]+\/src\/|\/apps\/cli\/src\//.test(url)) continue
        for (const { ranges } of functions) {
          for (const { count, endOffset, startOffset } of ranges) {
            // how often matters by its size: a loop that goes round many times more is something new
            if (count > 0) {
              reached.add(`${url}:${startOffset}-${endOffset}:${Math.min(4, Math.floor(Math.log10(count)))}`)
            }
          }
        }
      }
      return reached.size - before
    }
  }
}
