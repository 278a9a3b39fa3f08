/**
 * What happens to grants, as metrics: for dashboards, and for who is woken up.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Stream from "effect/Stream"
import type { GrantEvent } from "./GrantEvent.ts"
import { TokenService } from "./TokenService.ts"

/**
 * Counts what the service in context says of its grants.
 *
 * **When to use**
 *
 * Use it beside each `TokenService` of a process that exports metrics. Without it
 * nothing is counted, and nothing is paid for.
 *
 * **Details**
 *
 * | metric | type | attributes | says |
 * | --- | --- | --- | --- |
 * | `oauth.renewals` | counter | `provider`, `outcome`, `why` | renewals of this process, by how they ended |
 * | `oauth.renewal.duration` | histogram, ms | `provider` | from when a renewal was found to be due until its pair was kept |
 * | `oauth.renewal.waiters` | histogram | `provider` | how many waited for one renewal |
 * | `oauth.token.age` | histogram, ms | `provider` | how old a token was when it was replaced |
 * | `oauth.reauthorizations` | counter | `provider`, `why` | grants that a person has to give again |
 * | `oauth.grants` | counter | `provider`, `event` | logins, revocations, and what is rare |
 * | `oauth.pairs.unsaved` | gauge | `provider` | pairs that are in memory and in no store: 0, if all is well |
 *
 * `outcome` of a renewal is `renewed`, `adopted`, `failed`, `quarantined`,
 * `overtaken` or `ended`; `why` is what it was for, or the tag of the reason why
 * it failed. No attribute names an account.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, TokenService> = Layer.effectDiscard(
  Effect.gen(function*() {
    const { events } = yield* TokenService
    const unsaved = new Map<string, Set<string>>()
    yield* Effect.forkScoped(Stream.runForEach(events, (event) => count(event, unsaved)), { startImmediately: true })
  })
)

const renewals = Metric.counter("oauth.renewals", {
  description: "Renewals of this process, by how they ended",
  incremental: true
})

const duration = Metric.histogram("oauth.renewal.duration", {
  description: "Milliseconds from when a renewal was found to be due until its pair was kept",
  boundaries: [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]
})

const waiters = Metric.histogram("oauth.renewal.waiters", {
  description: "How many waited for one renewal",
  boundaries: [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000]
})

const age = Metric.histogram("oauth.token.age", {
  description: "Milliseconds that a token was old when it was replaced",
  boundaries: [60_000, 300_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000]
})

const reauthorizations = Metric.counter("oauth.reauthorizations", {
  description: "Grants that a person has to give again",
  incremental: true
})

const grants = Metric.counter("oauth.grants", {
  description: "Logins, revocations, and what is rare",
  incremental: true
})

const pairs = Metric.gauge("oauth.pairs.unsaved", {
  description: "Pairs that are in memory and in no store"
})

const count = (event: GrantEvent, unsaved: Map<string, Set<string>>): Effect.Effect<void> => {
  const { id, provider } = event.key
  const renewal = (outcome: string, why: string) =>
    Metric.update(Metric.withAttributes(renewals, { provider, outcome, why }), 1)
  const rare = Metric.update(Metric.withAttributes(grants, { provider, event: event._tag }), 1)
  // a set, as a pair may be told of more than once
  const inMemory = (isUnsaved: boolean) => {
    const held = unsaved.get(provider) ?? new Set()
    unsaved.set(provider, isUnsaved ? held.add(id) : (held.delete(id), held))
    return Metric.update(Metric.withAttributes(pairs, { provider }), held.size)
  }

  switch (event._tag) {
    case "Renewed":
      return Effect.all([
        renewal("renewed", event.why),
        Metric.update(Metric.withAttributes(duration, { provider }), event.millis),
        Metric.update(Metric.withAttributes(waiters, { provider }), event.waiters),
        event.age === undefined ? Effect.void : Metric.update(Metric.withAttributes(age, { provider }), event.age)
      ], { discard: true })
    case "Adopted":
      return renewal("adopted", "other-process")
    case "RenewalFailed":
      return renewal("failed", event.reason._tag)
    case "Quarantined":
      return renewal("quarantined", event.reason._tag)
    case "Overtaken":
      return Effect.andThen(
        renewal("overtaken", event.leftToExpire ? "left-to-expire" : "revoked"),
        // what was in memory is forgotten
        inMemory(false)
      )
    case "Ended":
      return Effect.andThen(
        renewal("ended", event.why),
        Metric.update(Metric.withAttributes(reauthorizations, { provider, why: event.why }), 1)
      )
    case "Unsaved":
      return Effect.andThen(rare, inMemory(true))
    case "Saved":
    case "Escrowed":
    case "PairLost":
      return Effect.andThen(rare, inMemory(false))
    case "Authorized":
    case "BrakeHeld":
    case "ReconnectSoon":
    case "Revoked":
    case "SetAside":
    case "WrittenBack":
      return rare
  }
}
