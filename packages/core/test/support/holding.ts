/** Answers that come when the test says so. */
import { Deferred, Effect } from "effect"
import { HttpClient } from "effect/http"

/** An answer that waits. */
export interface Held {
  /** The server has answered. */
  readonly arrived: Effect.Effect<void>
  /** Lets the client have the answer. */
  readonly release: Effect.Effect<void>
}

/** A client, and what keeps back the answer to its next request. */
export const holding = (
  client: HttpClient.HttpClient
): { readonly client: HttpClient.HttpClient; readonly hold: Effect.Effect<Held> } => {
  let wait: Effect.Effect<void> | undefined
  return {
    client: HttpClient.transform(client, (answer) =>
      Effect.suspend(() => {
        const held = wait ?? Effect.void
        wait = undefined
        return Effect.tap(answer, held)
      })),
    hold: Effect.gen(function*() {
      const [arrived, released] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      wait = Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(released))
      return { arrived: Deferred.await(arrived), release: Effect.asVoid(Deferred.succeed(released, undefined)) }
    })
  }
}
