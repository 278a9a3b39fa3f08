/**
 * The laws of a store of registrations.
 *
 * A store may be shared with others while the laws run, and may hold records of
 * earlier runs: every law uses keys of its own.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type { OAuthError } from "../OAuthError.ts"
import { encode, key as keyOf, type Outcome, type Registration, RegistrationStore } from "../RegistrationStore.ts"
import type { Law } from "./Contract.ts"
import { ensure, same } from "./internal/law.ts"

const law = (
  name: string,
  check: (store: Store, key: (name: string) => string) => Effect.Effect<void, OAuthError>
): Law<RegistrationStore> => ({
  name,
  run: Effect.gen(function*() {
    const store = yield* RegistrationStore
    const run = (yield* Random.nextIntBetween(0, 2 ** 48)).toString(36)
    yield* check(store, (name) => keyOf({ provider: "contract", issuer: `https://as.test/${run}`, name }))
  })
})

/**
 * The laws of a store of registrations.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Law<RegistrationStore>> = [
  law(
    "has nothing under a key that nobody wrote",
    Effect.fnUntraced(function*(store, key) {
      yield* stands(store, key("a"), undefined)
    })
  ),

  law(
    "gives back what was written, with everything in it",
    Effect.fnUntraced(function*(store, key) {
      yield* store.write(key("a"), undefined, complete)

      yield* stands(store, key("a"), complete)
    })
  ),

  law(
    "gives back what was written, with nothing more than it must have",
    Effect.fnUntraced(function*(store, key) {
      yield* store.write(key("a"), undefined, named("1"))

      yield* stands(store, key("a"), named("1"))
    })
  ),

  law(
    "takes the first write where nothing stands, and no second one",
    Effect.fnUntraced(function*(store, key) {
      const first = yield* store.write(key("a"), undefined, named("1"))
      const second = yield* store.write(key("a"), undefined, named("2"))

      yield* won(first, named("1"))
      yield* lost(second, named("1"))
      yield* stands(store, key("a"), named("1"))
    })
  ),

  law(
    "takes a write over the version that stands, and over no other",
    Effect.fnUntraced(function*(store, key) {
      const first = yield* store.write(key("a"), undefined, named("1"))
      const second = yield* store.write(key("a"), first.standing?.version, named("2"))
      const late = yield* store.write(key("a"), first.standing?.version, named("3"))
      const nowhere = yield* store.write(key("b"), first.standing?.version, named("4"))

      yield* won(second, named("2"))
      yield* lost(late, named("2"))
      yield* lost(nowhere, undefined)
      yield* stands(store, key("a"), named("2"))
      yield* stands(store, key("b"), undefined)
    })
  ),

  law(
    "lets one of twenty writers win, and tells the others what stands",
    Effect.fnUntraced(function*(store, key) {
      let expected: string | undefined
      for (let round = 0; round < 3; round++) {
        const writes = Array.from(
          { length: 20 },
          (_, index) => store.write(key("a"), expected, named(`${round}-${index}`))
        )
        const outcomes = yield* Effect.all(writes, { concurrency: "unbounded" })
        const winners = outcomes.filter(({ accepted }) => accepted)
        yield* ensure(winners.length === 1, `${winners.length} of 20 writers won`)
        expected = winners[0]?.standing?.version
        for (const { standing } of outcomes) yield* same("the version that stands", standing?.version, expected)
      }
    })
  ),

  law(
    "removes the version that stands, and no other",
    Effect.fnUntraced(function*(store, key) {
      const first = yield* store.write(key("a"), undefined, named("1"))
      const second = yield* store.write(key("a"), first.standing?.version, named("2"))
      const late = yield* store.remove(key("a"), first.standing?.version ?? "")
      yield* stands(store, key("a"), named("2"))
      const removed = yield* store.remove(key("a"), second.standing?.version ?? "")

      yield* lost(late, named("2"))
      yield* won(removed, undefined)
      yield* stands(store, key("a"), undefined)
    })
  ),

  law(
    "never gives a version twice, also after a removal",
    Effect.fnUntraced(function*(store, key) {
      const seen = new Set<string | undefined>()
      for (let round = 0; round < 5; round++) {
        const first = yield* store.write(key("a"), undefined, named("1"))
        const second = yield* store.write(key("a"), first.standing?.version, named("1"))
        seen.add(first.standing?.version).add(second.standing?.version)
        yield* store.remove(key("a"), second.standing?.version ?? "")
      }

      yield* ensure(seen.size === 10 && !seen.has(undefined), `10 writes gave ${seen.size} versions`)
    })
  ),

  law(
    "keeps records of different keys apart, whatever is in them",
    Effect.fnUntraced(function*(store, key) {
      const names = ["a", "A", "a ", "a%", "a_", "a'--", "a|b", "é", "e\u0301"]
      for (const name of names) yield* store.write(key(name), undefined, named(name))

      for (const name of names) yield* stands(store, key(name), named(name))
    })
  )
]

type Store = RegistrationStore["Service"]

const named = (writeId: string): Registration => ({ format: 1, writeId, state: { _tag: "Idle" } })

const text = "a\u0000b\"c'd\\e\nf\u2028g😀h%s{}</script>é"

const complete: Registration = {
  format: 1,
  writeId: "w",
  state: { _tag: "Calling", call: "Update", until: 1_893_456_000_000 },
  client: {
    clientId: text,
    clientSecret: Redacted.make(text),
    issuedAt: 1,
    secretExpiresAt: 2,
    management: { uri: "https://as.test/register/c", token: Redacted.make("t") },
    metadata: { redirectUris: ["https://app.test/callback"], clientName: text, others: { [text]: [text, null, 1] } }
  },
  unusable: { problem: "missing", field: "client_id" }
}

const json = (registration: Registration | undefined): unknown =>
  registration === undefined ? undefined : JSON.parse(encode(registration))

const stands = (store: Store, key: string, expected: Registration | undefined): Effect.Effect<void, OAuthError> =>
  Effect.flatMap(
    store.read(key),
    (standing) => same("the record that stands", json(standing?.registration), json(expected))
  )

const won = ({ accepted, standing }: Outcome, expected: Registration | undefined): Effect.Effect<void> =>
  Effect.andThen(
    ensure(accepted, "a write over what stands is not accepted"),
    same("what the winner is told", json(standing?.registration), json(expected))
  )

const lost = ({ accepted, standing }: Outcome, expected: Registration | undefined): Effect.Effect<void> =>
  Effect.andThen(
    ensure(!accepted, "a write over something else is accepted"),
    same("what the loser is told", json(standing?.registration), json(expected))
  )
