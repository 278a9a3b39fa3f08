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

/**
 * CPU time and allocation of one call, given something that makes `count` of them. Warmed up before it is measured; the
 * time is that of the best of ten chunks, since what a chunk takes longer is the compiler's, or the machine's.
 */
export const perCall = async (
  count: number,
  calls: (count: number) => Promise<unknown>
): Promise<{ readonly ns: number; readonly bytes: number }> => {
  await calls(count)
  heldBytes()
  const heap = process.memoryUsage().heapUsed
  const few = Math.ceil(count / 4)
  await calls(few)
  const bytes = (process.memoryUsage().heapUsed - heap) / few
  let ns = Number.POSITIVE_INFINITY
  for (let chunk = 0; chunk < chunks; chunk++) {
    const cpu = process.cpuUsage()
    await calls(count / chunks)
    const { system, user } = process.cpuUsage(cpu)
    ns = Math.min(ns, (user + system) * 1000 / (count / chunks))
  }
  return { ns, bytes }
}
