/**
 * Hears of every secret of a process: whatever is `Redacted` passes the registry in which Effect keeps its value. So
 * nobody who makes a secret has to know of this.
 */
import * as Redacted from "effect/Redacted"

/** Tells what of each secret can be searched for, from now on. */
export const watch = (hear: (secret: string) => void): void => {
  const set = Object.getOwnPropertyDescriptor(WeakMap.prototype, "set")?.value as WeakMapSet
  // oxlint-disable-next-line no-extend-native
  WeakMap.prototype.set = function(this: WeakMap<WeakKey, unknown>, key, value) {
    if (typeof value === "string" && Redacted.isRedacted(key)) { for (const run of unmistakable(value)) hear(run) }
    return set.call(this, key, value)
  }
}

type WeakMapSet = (this: WeakMap<WeakKey, unknown>, key: WeakKey, value: unknown) => WeakMap<WeakKey, unknown>

/**
 * What of a value is in no text by chance: letters and digits in a row that no person would write. What begins as the
 * header and the claims of a JWT do is not among them, for many begin alike.
 */
export const unmistakable = (value: string): ReadonlyArray<string> =>
  value.length > 4_096
    ? []
    : (value.match(/[A-Za-z0-9]{12,}/g) ?? []).filter((run) =>
      !run.startsWith("eyJ") && run.replace(/\D/g, "").length > 2 && new Set(run).size > 7
    )
