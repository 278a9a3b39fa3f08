/**
 * What may have been meant.
 */
import * as Settings from "./Settings.ts"

/** The flags of every command that are written nearly like this one. */
export const flags = (written: string): ReadonlyArray<string> =>
  nearest(written.replace(/^-+/, ""), [...Settings.names.map((name) => Settings.get(name).flag), ...others])
    .map((flag) => `--${flag}`)

/** What a value must be: one of a few, or of the many providers, which are not told all. */
export const choice = (written: string, choices: ReadonlyArray<string>): string => {
  if (choices.length <= 10) return `it must be ${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`
  const near = nearest(written, choices)
  return `${near.length === 0 ? "" : `did you mean ${near.join(" or ")}? `}effect-oauth providers lists the known ones`
}

/** The names that are written nearly like this one. */
export const nearest = (name: string, known: ReadonlyArray<string>): ReadonlyArray<string> =>
  known
    .map((each) => [each, distance(name, each)] as const)
    .filter(([, away]) => away <= Math.min(2, Math.floor(name.length / 3)))
    .sort(([, a], [, b]) => a - b)
    .slice(0, 2)
    .map(([each]) => each)

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
