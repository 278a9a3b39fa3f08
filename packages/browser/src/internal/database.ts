/**
 * One IndexedDB database, opened when it is needed and again when the browser closed it. A transaction of IndexedDB is
 * exclusive over all tabs of an origin: what is read in one still stands when it writes.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** The name that databases and locks have unless another is given. */
export const defaultName = "effect-oauth"

/** The object stores of the database. */
export type Name = "aside" | "grants" | "keys" | "pending"

const names: ReadonlyArray<Name> = ["aside", "grants", "keys", "pending"]

// counts up when object stores are added; a page of an older release then closes its connection and opens none
const version = 1

/** A database. */
export interface Database {
  /**
   * Runs one transaction. `body` makes requests and gives the answer when asked at the end, once everything is durable;
   * what it throws undoes all of it.
   */
  readonly transact: <A>(
    store: Name | ReadonlyArray<Name>,
    mode: "readonly" | "readwrite",
    body: (transaction: IDBTransaction) => () => A
  ) => Effect.Effect<A, OAuthError.StoreUnavailable>
}

/** Gives a database, until the scope closes. */
export const make = Effect.fnUntraced(function*(
  name: string = defaultName
): Effect.fn.Return<Database, never, Scope.Scope> {
  let connection: IDBDatabase | undefined
  const close = (): void => {
    connection?.close()
    connection = undefined
  }
  yield* Effect.addFinalizer(() => Effect.sync(close))

  const open = Effect.suspend(() => connection === undefined ? opened : Effect.succeed(connection))

  const opened = Effect.callback<IDBDatabase, OAuthError.StoreUnavailable>((resume) => {
    const request = attempt(resume, () => indexedDB.open(name, version))
    if (request === undefined) return
    request.addEventListener("upgradeneeded", () => {
      for (const store of names) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store)
      }
    })
    request.addEventListener("error", () => resume(Effect.fail(unavailable(request.error))))
    request.addEventListener("blocked", () => resume(Effect.fail(problem("blocked"))))
    request.addEventListener("success", () => {
      const database = request.result
      const forget = (): void => {
        database.close()
        if (connection === database) connection = undefined
      }
      database.addEventListener("close", forget)
      database.addEventListener("versionchange", forget)
      close()
      connection = database
      resume(Effect.succeed(database))
    })
  })

  return {
    transact: (store, mode, body) =>
      Effect.flatMap(open, (database) =>
        Effect.callback((resume) => {
          const transaction = attempt(resume, () => database.transaction(store, mode, { durability: "strict" }))
          if (transaction === undefined) return
          transaction.addEventListener("abort", () => resume(Effect.fail(unavailable(transaction.error))))
          const answer = attempt(resume, () => body(transaction))
          if (answer === undefined) return transaction.abort()
          transaction.addEventListener("complete", () => resume(Effect.sync(answer)))
        }))
  }
})

// what throws at once is told like what fails later
const attempt = <A>(
  resume: (effect: Effect.Effect<never, OAuthError.StoreUnavailable>) => void,
  run: () => A
): A | undefined => {
  try {
    return run()
  } catch (error) {
    resume(Effect.fail(unavailable(error)))
    return undefined
  }
}

const unavailable = (cause: unknown): OAuthError.StoreUnavailable =>
  problem(cause instanceof DOMException ? cause.name : "unknown")

// names like QuotaExceededError, and never a message
const problem = (problem: string): OAuthError.StoreUnavailable =>
  new OAuthError.StoreUnavailable({ store: "indexeddb", problem })
