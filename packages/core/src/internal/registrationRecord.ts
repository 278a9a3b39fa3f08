/**
 * The record of one registration as one process keeps it: what it last saw of the store, one call at a time over all
 * processes, and what the store has not taken yet.
 *
 * What is under way belongs to a scope. When that is closed, nothing is begun any more, answers are waited for, and what
 * the store has not taken is written once more.
 */
import * as Clock from "effect/Clock"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Registered } from "../ClientRegistration.ts"
import * as OAuthError from "../OAuthError.ts"
import type { Outcome, Registration, RegistrationStore, Standing } from "../RegistrationStore.ts"

/** What is written of a registration. */
export type Draft = Omit<Registration, "format" | "writeId">

/** The record of one registration. */
export interface RegistrationRecord {
  /** What stands, as far as this process may count on what it knows. */
  readonly known: Effect.Effect<Standing | undefined, OAuthError.OAuthError>
  /** What stands, when nobody else is speaking with the server about it. */
  readonly free: (method: string) => Effect.Effect<Standing | undefined, OAuthError.OAuthError>
  /** Writes, or removes, where the version that stands is `expected`. */
  readonly swap: (
    expected: string | undefined,
    next: Draft | undefined
  ) => Effect.Effect<Outcome, OAuthError.OAuthError>
  /** Writes what came of a call, for as long as it takes. */
  readonly persist: (expected: string, next: Draft | undefined) => Effect.Effect<void>
  /** What the store has not taken yet. */
  readonly unsaved: () => Registered | undefined
  /** Runs a call to its end, whoever asked for it: its answer may hold the only copy of a secret. */
  readonly undisturbed: <A>(call: Effect.Effect<A, OAuthError.OAuthError>) => Effect.Effect<A, OAuthError.OAuthError>
}

/** Keeps the record of a key. */
export const make = Effect.fnUntraced(function*(
  store: RegistrationStore["Service"],
  options: { readonly key: string; readonly maxStaleness: number }
): Effect.fn.Return<RegistrationRecord, never, Scope.Scope> {
  const { key, maxStaleness } = options
  const closing = Deferred.makeUnsafe<void>()
  const closed = Deferred.makeUnsafe<never, OAuthError.OAuthError>()
  const working = new Set<Fiber.Fiber<unknown, unknown>>()
  let seen: { readonly standing: Standing; readonly at: number } | undefined
  let unsaved: Registered | undefined
  /** The write ids of what came of calls and is not known to be in the store. */
  const unkept = new Set<string>()

  const owned = <F extends Fiber.Fiber<unknown, unknown>>(fiber: F): F => {
    working.add(fiber)
    fiber.addObserver(() => working.delete(fiber))
    return fiber
  }
  // what ends may have begun something: a write that is tried again
  const done: Effect.Effect<void> = Effect.suspend(() =>
    working.size === 0 ? Effect.void : Effect.andThen(Fiber.awaitAll([...working]), done)
  )
  yield* Effect.addFinalizer(() =>
    Deferred.succeed(closing, undefined).pipe(
      Effect.andThen(Effect.timeoutOption(done, grace)),
      Effect.andThen(Deferred.fail(closed, OAuthError.make("RegisteredClient", "close", ending))),
      Effect.andThen(Effect.suspend(() => {
        // nobody is waited for: a store that does not answer may not listen to an interruption either
        for (const fiber of working) fiber.interruptUnsafe()
        return unkept.size === 0 ? Effect.void : Effect.logError(lost, "the store does not answer")
      }))
    )
  )
  const isClosing = () => Deferred.isDoneUnsafe(closing)
  const pause = (millis: number) => Effect.raceFirst(Effect.sleep(millis), Deferred.await(closing))

  const see = (standing: Standing | undefined): Effect.Effect<void> =>
    Effect.map(Clock.currentTimeMillis, (at) => {
      seen = standing === undefined ? undefined : { standing, at }
    })

  const look = Effect.tap(store.read(key), see)

  // after a write that was not answered the record tells whose it is
  const swap = Effect.fnUntraced(function*(
    expected: string | undefined,
    next: Draft | undefined,
    writeId = writeIdOf()
  ): Effect.fn.Return<Outcome, OAuthError.OAuthError> {
    const outcome = next === undefined
      ? expected === undefined
        ? { accepted: true, standing: undefined }
        : yield* store.remove(key, expected)
      : yield* store.write(key, expected, { format: 1, writeId, ...next })
    yield* see(outcome.standing)
    const own = next !== undefined && outcome.standing?.registration.writeId === writeId
    return { ...outcome, accepted: outcome.accepted || own }
  })

  const retry = Effect.fnUntraced(function*(
    expected: string,
    next: Draft | undefined,
    writeId: string
  ): Effect.fn.Return<void> {
    let rest = 1_000
    while (true) {
      yield* pause(rest)
      rest = Math.min(rest * 2, 60_000)
      const isLast = isClosing()
      const again = yield* Effect.result(swap(expected, next, writeId))
      if (again._tag === "Success") {
        unsaved = undefined
        unkept.delete(writeId)
        return again.success.accepted ? undefined : yield* overtaken
      }
      if (isLast) {
        unkept.delete(writeId)
        return yield* Effect.logError(lost, again.failure.message)
      }
    }
  })

  return {
    swap: (expected, next) => swap(expected, next),
    unsaved: () => unsaved,
    undisturbed: (call) =>
      Effect.flatMap(
        Effect.forkDetach(call),
        (fiber) => Effect.raceFirst(Deferred.await(closed), Fiber.join(owned(fiber)))
      ),
    known: Effect.suspend(() => {
      const last = seen
      return Effect.flatMap(Clock.currentTimeMillis, (now) =>
        last === undefined
          ? look
          : now - last.at < maxStaleness && now >= last.at
          ? Effect.succeed(last.standing)
          // what was known is used while the store is away
          : Effect.catch(look, () => Effect.succeed(last.standing)))
    }),
    free: Effect.fnUntraced(function*(method) {
      if (unsaved !== undefined) return yield* fail(method, notSaved)
      let waited = 0
      while (true) {
        if (isClosing()) return yield* fail(method, ending)
        const standing = yield* look
        const state = standing?.registration.state
        const now = yield* Clock.currentTimeMillis
        if (state?._tag !== "Calling" || state.until <= now) return standing
        if (waited >= 30_000) return yield* fail(method, held)
        yield* pause(250)
        waited += 250
      }
    }),
    persist: Effect.fnUntraced(function*(expected, next) {
      const writeId = writeIdOf()
      unkept.add(writeId)
      const first = yield* Effect.result(swap(expected, next, writeId))
      if (first._tag === "Success") {
        unkept.delete(writeId)
        return first.success.accepted ? undefined : yield* overtaken
      }
      unsaved = next?.client
      yield* Effect.logError("A client's registration could not be saved, and is tried again", first.failure.message)
      owned(yield* Effect.forkDetach(retry(expected, next, writeId)))
    })
  }
})

// how long closing waits for answers, and for the store
const grace = Duration.seconds(10)

const writeIdOf = (): string => Base64Url.encode(SecureRandom.randomBytesUnsafe(12))

const lost = "A client's registration could not be saved before the end, and is lost"

const overtaken = Effect.logWarning(
  "A call about a client's registration took longer than its lease, and another process has followed; what it got counts"
)

const fail = (method: string, reason: OAuthError.OAuthErrorReason): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(OAuthError.make("RegisteredClient", method, reason))

const held = new OAuthError.RenewalPending({ why: "held-elsewhere" })

const ending = new OAuthError.RenewalPending({ why: "closing" })

const notSaved = new OAuthError.StoreUnavailable({ store: "registrations", problem: "unsaved" })
