/**
 * The process of a soak that does the same without the library, with the same HTTP client: what it takes more and more of
 * is not the library's.
 */
import { Duration, Effect, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { measured, type Work } from "./Measured.ts"

const Answer = Schema.Struct({ access_token: Schema.String, refresh_token: Schema.String })

const users = Effect.fnUntraced(function*({ goesOn, origin, tally, tokens }: Work) {
  const client = yield* HttpClient.HttpClient
  const renewed = (token: Redacted.Redacted) =>
    client.execute(
      HttpClientRequest.post(`${origin}/token`).pipe(HttpClientRequest.bodyUrlParams({
        grant_type: "refresh_token",
        refresh_token: Redacted.value(token),
        client_id: "app",
        client_secret: "s3cret"
      }))
    ).pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap(HttpClientResponse.schemaBodyJson(Answer)),
      Effect.timeout("5 seconds")
    )

  const use = (first: string) =>
    Effect.gen(function*() {
      let token = Redacted.make(first)
      let failures = 0
      while (goesOn()) {
        const result = yield* Effect.result(renewed(token))
        if (result._tag === "Failure") {
          tally.failures++
          yield* Effect.sleep(Duration.millis(Math.min(2_000, 250 * 2 ** failures++)))
          continue
        }
        failures = 0
        token = Redacted.make(result.success.refresh_token)
        for (let uses = 0; uses < 5 && goesOn(); uses++) {
          tally.tokens++
          yield* Effect.sleep("200 millis")
        }
      }
    })

  return { run: Effect.forEach(tokens, use, { concurrency: "unbounded", discard: true }), afterwards: Effect.void }
})

await measured((work, during) => Effect.flatMap(users(work), during).pipe(Effect.provide(FetchHttpClient.layer)))
