/** Keys that are made once for an origin, and kept where no script can take them out. */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Database from "./database.ts"
import * as WebLock from "./webLock.ts"

/**
 * The value that is kept under a name, or a new one. Making it takes time that no transaction lasts, so tabs take turns
 * by a lock.
 */
export const getOrMake = Effect.fnUntraced(function*<A extends object, E>(options: {
  readonly database: string | undefined
  readonly name: string
  readonly is: (value: unknown) => value is A
  readonly make: Effect.Effect<A, E>
}): Effect.fn.Return<
  A,
  E | OAuthError.ConfigurationInvalid | OAuthError.RecordInvalid | OAuthError.StoreUnavailable,
  Scope.Scope
> {
  const { is, make, name } = options
  const database = yield* Database.make(options.database)
  const kept = database.transact("keys", "readonly", (transaction) => {
    const request = transaction.objectStore("keys").get(name)
    return (): unknown => request.result
  })
  return yield* WebLock.exclusively(
    `${options.database ?? Database.defaultName} keys`,
    Effect.gen(function*() {
      const known = yield* kept
      if (is(known)) return known
      // a later release may have written it, and what is sealed or bound by it is lost with it
      if (known !== undefined) return yield* Effect.fail(unreadable(name))
      const made = yield* make
      yield* database.transact("keys", "readwrite", (transaction) => {
        transaction.objectStore("keys").put(made, name)
        return () => {}
      })
      return made
    })
  )
})

const unreadable = (name: string): OAuthError.RecordInvalid =>
  new OAuthError.RecordInvalid({ store: "indexeddb", problem: `what lies under the name of the key "${name}" is none` })
