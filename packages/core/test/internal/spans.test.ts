import { assert, describe, it } from "@effect/vitest"
import { Effect, Tracer } from "effect"
import * as Spans from "../../src/internal/spans.ts"

describe("withSpan", () => {
  it.effect("tells a tracer of an effect, and what it came to", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })

      const value = yield* Effect.provideService(spanned, Tracer.Tracer, tracer)

      assert.strictEqual(value, "value")
      assert.deepStrictEqual(spans.map(({ attributes, name, status }) => [name, [...attributes], status._tag]), [
        ["name", [["of", "it"], ["outcome", "value"]], "Ended"]
      ])
    }))

  it.effect("makes no span where there is no tracer, and says nothing to that of whoever calls", () =>
    Effect.gen(function*() {
      const outer = yield* Effect.currentSpan
      const inner = yield* Spans.withSpan(Effect.currentSpan, "name", {}, () => ({ outcome: "value" }))

      assert.strictEqual(inner, outer)
      assert.isFalse(outer.attributes.has("outcome"))
    }).pipe(Effect.withSpan("outer")))
})

const spanned = Spans.withSpan(
  Effect.succeed("value"),
  "name",
  { attributes: { of: "it" } },
  (value) => ({ outcome: value })
)
