/** What lies in IndexedDB, seen from outside of the library. */
import type { GrantKey } from "@effect-oauth/core"
import { Effect } from "effect"

const opened = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name)
    request.addEventListener("success", () => resolve(request.result))
    request.addEventListener("error", () => reject(request.error ?? new Error("not opened")))
  })

const done = <A>(request: IDBRequest<A>): Promise<A> =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result))
    request.addEventListener("error", () => reject(request.error ?? new Error("not answered")))
  })

/** Makes a record one that cannot be read. */
export const damage = (name: string) => (key: GrantKey.GrantKey): Effect.Effect<void> =>
  Effect.promise(async () => {
    const database = await opened(name)
    const transaction = database.transaction("grants", "readwrite")
    await done(transaction.objectStore("grants").put({ version: "damaged", history: [], grant: "no record" }, key.id))
    database.close()
  })

/** Puts something else in the place of a key, or nothing; gives what was there before. */
export const putKey = async (name: string, key: string, value: unknown): Promise<unknown> => {
  const database = await opened(name)
  const store = database.transaction("keys", "readwrite").objectStore("keys")
  const before = await done(store.get(key))
  await done(store.put(value, key))
  database.close()
  return before
}

/** All that a database and the other storages of the origin hold, as text, and whether a key can be taken out. */
export const look = async (name: string): Promise<{ readonly text: string; readonly exported: boolean }> => {
  const database = await opened(name)
  const values = await Promise.all(
    [...database.objectStoreNames].map((store) => done(database.transaction(store).objectStore(store).getAll()))
  )
  database.close()
  const keys: Array<CryptoKey> = []
  const text = JSON.stringify(values, (_, value: unknown) => {
    if (value instanceof CryptoKey) keys.push(value)
    return value
  })
  const secret = keys.filter(({ type }) => type !== "public")
  const attempts = await Promise.all(
    secret.map((key) => crypto.subtle.exportKey("jwk", key).then(() => true, () => false))
  )
  return {
    text: [text, ...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie].join("\n"),
    exported: secret.length === 0 || attempts.some(Boolean)
  }
}
