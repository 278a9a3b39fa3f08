/**
 * The laws of pending authorizations.
 *
 * A store may be shared with others while the laws run: every law uses states of
 * its own. Under `TestClock` the laws move the clock; a store that lives by real
 * time is tried with the live one.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AuthorizationRequest from "../AuthorizationRequest.ts"
import * as GrantKey from "../GrantKey.ts"
import type { OAuthError } from "../OAuthError.ts"
import { PendingAuthorizations } from "../PendingAuthorizations.ts"
import type { Law } from "./Contract.ts"
import { elapse, ensure, same } from "./internal/law.ts"

const law = (
  name: string,
  check: (service: PendingAuthorizations["Service"], specimen: Specimen) => Effect.Effect<void, OAuthError>
): Law<PendingAuthorizations> => ({
  name,
  run: Effect.gen(function*() {
    const service = yield* PendingAuthorizations
    const run = (yield* Random.nextIntBetween(0, 2 ** 48)).toString(36)
    yield* check(service, (state, changes) => ({
      id: `${run}-${state}`,
      state: Redacted.make(`${run}-${state}`),
      key: "contract|https%3A%2F%2Fas.test|client|ada",
      issuerParameter: "optional",
      redirectUri: "https://client.test/callback",
      scopes: [],
      ...changes
    }))
  })
})

/**
 * The laws of pending authorizations.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases: ReadonlyArray<Law<PendingAuthorizations>> = [
  law(
    "gives back what was put, with everything in it",
    Effect.fnUntraced(function*(service, specimen) {
      const text = "a\u0000b\"c'd\\e\nf\u2028g😀h%s{}</script>é"
      const { id, ...pending } = specimen("a", {
        issuer: "https://as.test/tenant",
        issuerParameter: "required",
        codeVerifier: Redacted.make("v".repeat(43)),
        nonce: Redacted.make("nonce"),
        scopes: ["read", "write"],
        context: { returnTo: "/albums?id=1", [text]: text, nested: [1, 0.5, true, null, {}] }
      })

      yield* service.put(pending, minute)

      yield* taken(yield* service.take(id), pending)
    })
  ),

  law(
    "gives back what was put, with nothing more than it must have",
    Effect.fnUntraced(function*(service, specimen) {
      const { id, ...pending } = specimen("a")

      yield* service.put(pending, minute)

      yield* taken(yield* service.take(id), pending)
    })
  ),

  law(
    "gives it once",
    Effect.fnUntraced(function*(service, specimen) {
      const { id, ...pending } = specimen("a")
      yield* service.put(pending, minute)
      yield* service.take(id)

      yield* taken(yield* service.take(id), undefined)
    })
  ),

  law(
    "gives it to one of twenty who take it at once",
    Effect.fnUntraced(function*(service, specimen) {
      for (let round = 0; round < 5; round++) {
        const { id, ...pending } = specimen(String(round))
        yield* service.put(pending, minute)

        const takes = yield* Effect.all(Array.from({ length: 20 }, () => service.take(id)), {
          concurrency: "unbounded"
        })

        const takers = takes.filter(Option.isSome).length
        yield* ensure(takers === 1, `${takers} of 20 takers got it`)
      }
    })
  ),

  law(
    "gives nothing for a state that was not put",
    Effect.fnUntraced(function*(service, specimen) {
      const { id, ...pending } = specimen("AbC")
      yield* service.put(pending, minute)

      for (
        const state of ["", "*", "%", "_", "' OR 1=1 --", "../AbC", "a\u0000b", "\ud800", "é", "x".repeat(20_000)]
      ) {
        yield* taken(yield* service.take(state), undefined)
      }
      for (const state of [id.toLowerCase(), id.toUpperCase(), `${id} `, ` ${id}`, id.slice(0, -1), `${id}\u0000`]) {
        yield* taken(yield* service.take(state), undefined)
      }
      yield* taken(yield* service.take(id), pending)
    })
  ),

  law(
    "leaves the others when one is taken",
    Effect.fnUntraced(function*(service, specimen) {
      const [a, b, c] = [specimen("a"), specimen("b"), specimen("c")]
      for (const { id: _, ...pending } of [a, b, c]) yield* service.put(pending, minute)

      yield* service.take(b.id)

      for (const { id, ...pending } of [a, c]) yield* taken(yield* service.take(id), pending)
    })
  ),

  law(
    "gives it before its time is over, and nothing after",
    Effect.fnUntraced(function*(service, specimen) {
      const [short, long] = [specimen("short"), specimen("long")]
      for (const [{ id: _, ...pending }, timeToLive] of [[short, 100], [long, minute]] as const) {
        yield* service.put(pending, timeToLive)
      }

      yield* elapse("150 millis")

      yield* taken(yield* service.take(short.id), undefined)
      const { id, ...pending } = long
      yield* taken(yield* service.take(id), pending)
    })
  ),

  law(
    "counts the time of each from when it was put",
    Effect.fnUntraced(function*(service, specimen) {
      // a second is left at the end, for a store that is slow; where that was not enough, nothing is known, and more is left
      for (let timeToLive = 2000;; timeToLive *= 2) {
        const [first, { id, ...second }] = [specimen(`first-${timeToLive}`), specimen(`second-${timeToLive}`)]
        const { id: _, ...pending } = first
        yield* service.put(pending, timeToLive)
        yield* elapse(Duration.millis(timeToLive * 0.75))
        const since = yield* Clock.currentTimeMillis
        yield* service.put(second, timeToLive)

        yield* elapse(Duration.millis(timeToLive * 0.5))

        yield* taken(yield* service.take(first.id), undefined)
        const found = yield* service.take(id)
        const isLate = (yield* Clock.currentTimeMillis) - since >= timeToLive
        if (isLate && timeToLive < 60_000) continue
        return yield* taken(found, second)
      }
    })
  ),

  law(
    "forgets those of an account, at every server, and leaves the others",
    Effect.fnUntraced(function*(service, specimen) {
      const account = `${specimen("").id}%*|[a]`
      const of = (name: string, provider: string, account: string) =>
        specimen(name, {
          key: GrantKey.make({ provider, issuer: "https://as.test", client: "client", account }).id
        })
      const [one, two, other] = [of("1", "a", account), of("2", "b", account), of("3", "a", `${account}b`)]
      for (const { id: _, ...pending } of [one, two, other]) yield* service.put(pending, minute)

      const forgotten = yield* service.forget(account)
      const again = yield* service.forget(account)

      yield* same("how many", [forgotten, again], [2, 0])
      for (const { id } of [one, two]) yield* taken(yield* service.take(id), undefined)
      const { id, ...pending } = other
      yield* taken(yield* service.take(id), pending)
    })
  )
]

type Pending = AuthorizationRequest.PendingAuthorization

type Specimen = (name: string, changes?: Partial<Pending>) => Pending & { readonly id: string }

const minute = 60_000

const encode = Schema.encodeUnknownResult(AuthorizationRequest.PendingAuthorization)

const json = (pending: Pending | undefined): unknown =>
  pending === undefined ? undefined : Result.getOrElse(encode(pending), String)

const taken = (actual: Option.Option<Pending>, expected: Pending | undefined): Effect.Effect<void> =>
  same("what is taken", json(Option.getOrUndefined(actual)), json(expected))
