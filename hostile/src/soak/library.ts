/** The process of a soak in which the library renews the grants. */
import { RotationPolicy, TokenService } from "@effect-oauth/core"
import { Duration, Effect, Redacted, Schedule, Stream } from "effect"
import * as Client from "../Client.ts"
import { measured, type Work } from "./Measured.ts"
import { policy, window } from "./Settings.ts"

const users = Effect.fnUntraced(function*({ goesOn, tally, tokens }: Work) {
  const service = yield* TokenService.TokenService
  const keys = yield* Effect.forEach(tokens, (token, index) => {
    const key = service.key(`account-${index}`)
    return Effect.as(
      service.adopt(key, {
        accessToken: Redacted.make("none-yet"),
        tokenType: "Bearer",
        receivedAt: Date.now(),
        expiresIn: Duration.zero,
        refreshToken: Redacted.make(token)
      }),
      key
    )
  }).pipe(Effect.orDie)
  const started = performance.now()
  let open = false
  yield* Effect.forkScoped(Stream.runForEach(service.events, (event) =>
    Effect.sync(() => {
      if (event._tag === "Ended") tally.lost++
      if (event._tag === "Renewed" && open) {
        open = false
        tally.closed++
      }
    })))

  const use = (key: (typeof keys)[number]) =>
    Effect.gen(function*() {
      let since = performance.now()
      let reasons: Record<string, number> = {}
      while (goesOn()) {
        const result = yield* Effect.result(service.token(key))
        if (result._tag === "Success") {
          tally.tokens++
          const millis = performance.now() - since
          if (millis > (tally.longest?.millis ?? 0)) {
            tally.longest = { millis: Math.round(millis), at: (performance.now() - started) / 60_000, reasons }
          }
          yield* Effect.sleep("200 millis")
          since = performance.now()
          reasons = {}
          continue
        }
        tally.failures++
        const { reason } = result.failure
        const name = Client.reasonOf(result.failure)
        reasons[name] = (reasons[name] ?? 0) + 1
        // a failure of the server's that was not asked is the breaker's
        if (reason._tag === "ServerUnavailable" && reason.status === undefined && !open) {
          open = true
          tally.opened++
        }
        if (reason._tag === "ReauthorizationRequired") {
          tally.lost++
          return
        }
        const wait = "retryAfter" in reason && reason.retryAfter !== undefined
          ? Duration.toMillis(reason.retryAfter)
          : 200
        yield* Effect.sleep(Duration.millis(Math.min(2_000, Math.max(50, wait))))
      }
    })

  return {
    run: Effect.forEach(keys, use, { concurrency: "unbounded", discard: true }),
    // every grant must still be there, and what is only resting has a minute for it
    afterwards: Effect.forEach(keys, (key) =>
      Effect.result(Effect.retry(service.refresh(key), {
        times: 60,
        schedule: Schedule.spaced("1 second"),
        while: ({ reason }) => reason._tag !== "ReauthorizationRequired"
      })), { concurrency: "unbounded" }).pipe(
        Effect.map((last) => {
          for (const result of last) {
            if (result._tag === "Success") continue
            if (result.failure.reason._tag === "ReauthorizationRequired") tally.lost++
            else tally.silent++
            process.stderr.write(`LOST: ${result.failure.message}\n`)
          }
        })
      )
  }
})

await measured((work, during) =>
  Effect.scoped(Effect.flatMap(users(work), during)).pipe(
    Effect.provide(Client.layer(work.origin, {
      policy,
      server: { rotation: RotationPolicy.rotating({ window: { duration: Duration.millis(window), idempotent: true } }) }
    }))
  )
)
