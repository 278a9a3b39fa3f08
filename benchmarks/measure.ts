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

/** CPU time and allocation of one call, given something that makes `count` of them. Warmed up before it is measured. */
export const perCall = async (
  count: number,
  calls: (count: number) => Promise<unknown>
): Promise<{ readonly ns: number; readonly bytes: number }> => {
  await calls(count)
  heldBytes()
  const few = Math.ceil(count / 4)
  const heap = process.memoryUsage().heapUsed
  await calls(few)
  const bytes = (process.memoryUsage().heapUsed - heap) / few
  heldBytes()
  const cpu = process.cpuUsage()
  await calls(count)
  const { system, user } = process.cpuUsage(cpu)
  return { ns: (user + system) * 1000 / count, bytes }
}
