/**
 * What may have been meant.
 */
import * as Settings from "./Settings.ts"

/** The flags of every command that are written nearly like this one. */
export const flags = (written: string): ReadonlyArray<string> => {
  const name = written.replace(/^-+/, "")
  const known = [...Settings.names.map((name) => Settings.get(name).flag), ...others]
  return known
    .map((flag) => [flag, distance(name, flag)] as const)
    .filter(([, away]) => away <= Math.min(2, Math.floor(name.length / 3)))
    .sort(([, a], [, b]) => a - b)
    .slice(0, 2)
    .map(([flag]) => `--${flag}`)
}

const others = ["json", "config", "profile", "client-secret", "client-secret-stdin"]

// how many letters have to be added, removed or replaced
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}
