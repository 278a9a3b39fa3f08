import { type AuthorizationRequest, PendingAuthorizations } from "@effect-oauth/core"
import { Contract, PendingAuthorizationsContract } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"

type Service = PendingAuthorizations.PendingAuthorizations["Service"]

describe("PendingAuthorizations", () => {
  describe("layerMemory", () => {
    for (const law of PendingAuthorizationsContract.cases) {
      it.effect(law.name, () => Effect.provide(law.run, PendingAuthorizations.layerMemory()))
    }

    it.effect("lets the oldest go when more are started than it keeps", () =>
      Effect.gen(function*() {
        const service = yield* PendingAuthorizations.PendingAuthorizations
        for (const state of ["a", "b", "c"]) yield* service.put(pending(state), 60_000)

        const kept = yield* Effect.forEach(["a", "b", "c"], (state) => Effect.map(service.take(state), Option.isSome))

        assert.deepStrictEqual(kept, [false, true, true])
      }).pipe(Effect.provide(PendingAuthorizations.layerMemory({ capacity: 2 }))))
  })
})

describe("PendingAuthorizationsContract", () => {
  it("has no law that no service breaks", () => {
    const breakable = new Set(mutants().flatMap(({ laws }) => laws))
    const names = PendingAuthorizationsContract.cases.map(({ name }) => name)

    assert.deepStrictEqual(names.filter((name) => !breakable.has(name)), [])
  })

  describe("is broken by a service that", () => {
    for (const { breaking, laws, what } of mutants()) {
      it.effect(what, () =>
        Effect.gen(function*() {
          const layer = Layer.effect(
            PendingAuthorizations.PendingAuthorizations,
            Effect.map(PendingAuthorizations.PendingAuthorizations, breaking)
          ).pipe(Layer.provide(PendingAuthorizations.layerMemory()))

          for (const name of laws) {
            const law = PendingAuthorizationsContract.cases.find((law) => law.name === name)
            const exit = yield* Effect.exit(Effect.provide(law?.run ?? assert.fail(`no law "${name}"`), layer))
            assert.isTrue(Exit.isFailure(exit), name)
            if (Exit.isFailure(exit)) assert.instanceOf(Cause.squash(exit.cause), Contract.LawBroken)
          }
        }))
    }
  })
})

const pending = (state: string): AuthorizationRequest.PendingAuthorization => ({
  state: Redacted.make(state),
  key: "key",
  issuerParameter: "optional",
  redirectUri: "https://client.test/callback",
  scopes: []
})

interface Mutant {
  readonly what: string
  readonly breaking: (service: Service) => Service
  readonly laws: ReadonlyArray<string>
}

/** Takes and puts back, at once or after a pause. */
const peek = (service: Service, state: string, pause: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const found = yield* service.take(state)
    if (Option.isSome(found)) {
      yield* service.put(found.value, 60_000)
      yield* pause
    }
    return found
  })

const mutants = (): ReadonlyArray<Mutant> => [
  {
    what: "forgets no account",
    breaking: (service) => ({ ...service, forget: () => Effect.succeed(2) }),
    laws: ["forgets those of an account, at every server, and leaves the others"]
  },
  {
    what: "takes the beginning of an account's name for the whole",
    breaking: (service) => ({
      ...service,
      forget: (account) => Effect.tap(service.forget(account), () => service.forget(`${account}b`))
    }),
    laws: ["forgets those of an account, at every server, and leaves the others"]
  },
  {
    what: "gives it as often as it is asked",
    breaking: (service) => ({ ...service, take: (state) => peek(service, state, Effect.void) }),
    laws: ["gives it once", "gives it to one of twenty who take it at once"]
  },
  {
    what: "looks, waits, and then removes",
    breaking: (service) => ({
      ...service,
      take: (state) => Effect.tap(peek(service, state, Effect.yieldNow), () => service.take(state))
    }),
    laws: ["gives it to one of twenty who take it at once"]
  },
  {
    what: "keeps it for ever",
    breaking: (service) => ({ ...service, put: (pending) => service.put(pending, 1e12) }),
    laws: ["gives it before its time is over, and nothing after", "counts the time of each from when it was put"]
  },
  {
    what: "keeps everything until the same instant",
    breaking: (service) => ({
      ...service,
      put: (pending, timeToLive) =>
        Effect.flatMap(
          TestClock.testClockWith((clock) => clock.currentTimeMillis),
          (now) => service.put(pending, timeToLive - now % 2000)
        )
    }),
    laws: ["counts the time of each from when it was put"]
  },
  {
    what: "does not tell upper case from lower case",
    breaking: (service) => {
      const states = new Map<string, string>()
      return {
        ...service,
        put: (pending, timeToLive) => {
          states.set(Redacted.value(pending.state).toLowerCase(), Redacted.value(pending.state))
          return service.put(pending, timeToLive)
        },
        take: (state) => service.take(states.get(state.toLowerCase()) ?? state)
      }
    },
    laws: ["gives nothing for a state that was not put"]
  },
  {
    what: "forgets all when one is taken",
    breaking: (service) => {
      let gone = false
      return {
        ...service,
        take: (state) =>
          Effect.suspend(() => {
            if (gone) return Effect.succeed(Option.none())
            gone = true
            return service.take(state)
          })
      }
    },
    laws: ["leaves the others when one is taken"]
  },
  {
    what: "forgets the application's own",
    breaking: (service) => ({
      ...service,
      put: ({ context: _, ...pending }, timeToLive) => service.put(pending, timeToLive)
    }),
    laws: ["gives back what was put, with everything in it"]
  },
  {
    what: "adds what was not there",
    breaking: (service) => ({
      ...service,
      put: (pending, timeToLive) => service.put({ context: null, ...pending }, timeToLive)
    }),
    laws: ["gives back what was put, with nothing more than it must have"]
  }
]
