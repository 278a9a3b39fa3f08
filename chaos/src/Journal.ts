/**
 * What the store has said to the processes: which refresh token stands for which grant, and since when somebody knew.
 * Each process writes it down before it goes on, by a call that a `kill -9` afterwards does not undo.
 */
import { type Grant, GrantKey, TokenStore } from "@effect-oauth/core"
import { Effect, Redacted } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Ledger from "./Ledger.ts"
import { now } from "./Settings.ts"

/** The digest of the refresh token that a record would present next. */
export const presentable = (grant: Grant.Grant | undefined): string | undefined => {
  const token = grant?.body._tag === "Open"
    ? grant.body.quarantined?.refreshToken ?? grant.body.refreshToken
    : undefined
  return token === undefined ? undefined : Ledger.digest(Redacted.value(token))
}

/** The store, and everything that it says of refresh tokens is written to a file first. */
export const keeping = (store: TokenStore.TokenStore["Service"], file: string): TokenStore.TokenStore["Service"] => {
  const descriptor = Fs.openSync(file, "a", 0o600)
  const known = new Map<string, string>()
  const note = ({ grant }: TokenStore.Reading): void => {
    const digest = presentable(grant)
    if (grant === undefined || digest === undefined || known.get(grant.key) === digest) return
    known.set(grant.key, digest)
    Fs.writeSync(descriptor, `${now()} ${digest} ${GrantKey.fromId(grant.key)?.account}\n`)
  }
  const noted = <R extends TokenStore.Reading, E>(effect: Effect.Effect<R, E>): Effect.Effect<R, E> =>
    Effect.tap(effect, (reading) => Effect.sync(() => note(reading)))
  return TokenStore.TokenStore.of({
    ...store,
    read: (key) => noted(store.read(key)),
    write: (expected, draft) => noted(store.write(expected, draft)),
    extend: (key, options) => noted(store.extend(key, options))
  })
}

/** When each refresh token, by its digest, was first known to stand in the store. */
export const read = (directory: string): ReadonlyMap<string, number> => {
  const stood = new Map<string, number>()
  for (const name of Fs.readdirSync(directory)) {
    if (!name.endsWith(".journal")) continue
    // a process may have been killed within its last line
    for (const line of Fs.readFileSync(Path.join(directory, name), "utf8").split("\n").slice(0, -1)) {
      const [at = "", digest = ""] = line.split(" ")
      stood.set(digest, Math.min(Number(at), stood.get(digest) ?? Infinity))
    }
  }
  return stood
}
