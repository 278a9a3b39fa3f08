import * as Output from "@effect-oauth/cli/Output"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer, Sink, Stdio, Stream } from "effect"
import { TestClock } from "effect/testing"

describe("Output", () => {
  it.effect("writes results to stdout, and everything else to stderr", () =>
    Effect.gen(function*() {
      const { err, out, output } = yield* make("text")

      yield* output.result({ a: 1 }, () => "result")
      yield* output.note("note")
      yield* output.warn("warning")
      yield* output.visit("https://a.example")
      yield* output.failure({ code: "Code", message: "failure", exitCode: 1 })

      assert.deepStrictEqual(out, ["result\n"])
      assert.deepStrictEqual(err, [
        "note\n",
        "warning: warning\n",
        "Log in at\n\n  https://a.example\n\n",
        "error: failure\n"
      ])
    }))

  describe("live", () => {
    const looks = Stream.map(
      Stream.make("one", "two", "two"),
      (text) => ({ json: { text }, text: () => `${text}\nmore` })
    )

    it.effect("lets each look take the place of the last on a terminal, and leaves the last one", () =>
      Effect.gen(function*() {
        const { out, output } = yield* make("text", false, true)

        yield* output.live(looks)

        const [begin, ...rest] = out.join("").split("\u001b[H")
        assert.strictEqual(begin, "\u001b[?1049h\u001b[?25l")
        assert.strictEqual(rest[0], "one\u001b[K\nmore\u001b[K\n\u001b[J")
        assert.strictEqual(rest.at(-1), "two\u001b[K\nmore\u001b[K\n\u001b[J\u001b[?25h\u001b[?1049ltwo\nmore\n")
      }))

    it.effect("gives the screen back when it is interrupted", () =>
      Effect.gen(function*() {
        const { out, output } = yield* make("text", false, true)
        const fiber = yield* Effect.forkChild(output.live(Stream.concat(looks, Stream.never)))
        yield* TestClock.adjust("1 second")

        yield* Fiber.interrupt(fiber)

        assert.strictEqual(out.at(-1), "\u001b[?25h\u001b[?1049ltwo\nmore\n")
      }))

    it.effect("writes what differs, one after the other, where there is no terminal", () =>
      Effect.gen(function*() {
        const { out, output } = yield* make("json")

        yield* output.live(looks)

        assert.strictEqual(out.join(""), "{\"text\":\"one\"}\n{\"text\":\"two\"}\n")
      }))
  })

  it.effect("writes one JSON object a line, whose one member says what it is", () =>
    Effect.gen(function*() {
      const { err, out, output } = yield* make("json")

      yield* output.result({ a: 1 }, () => "result")
      yield* output.note("note")
      yield* output.warn("warning")
      yield* output.visit("https://a.example", "CODE")
      yield* output.failure({ code: "Code", message: "failure", exitCode: 1, retryAfter: 5 })

      assert.deepStrictEqual(out, ["{\"a\":1}\n"])
      assert.deepStrictEqual(err.map((line) => JSON.parse(line)), [
        { note: "note" },
        { warning: "warning" },
        { visit: { url: "https://a.example", code: "CODE" } },
        { error: { code: "Code", message: "failure", exitCode: 1, retryAfter: 5 } }
      ])
    }))

  it.effect("lets nothing act on the terminal that others wrote", () =>
    Effect.gen(function*() {
      const { err, output } = yield* make("text")

      yield* output.note("a\u001b]0;title\u0007b\rc\u202ed\u009b2Je")

      assert.deepStrictEqual(err, ["a ]0;title b c d 2Je\n"])
    }))

  describe("waiting", () => {
    it.effect("tells on a terminal what is waited for, and clears the line", () =>
      Effect.gen(function*() {
        const { err, output } = yield* make("text", true)

        const fiber = yield* Effect.forkChild(output.waiting("Waiting for it")(Effect.sleep("1 second")))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)

        assert.include(err.join(""), "Waiting for it")
        assert.isTrue(err.join("").endsWith("\r\u001b[K"))
      }))

    it.effect("says nothing of what is quick", () =>
      Effect.gen(function*() {
        const { err, output } = yield* make("text", true)

        const fiber = yield* Effect.forkChild(output.waiting("Waiting for it")(Effect.sleep("100 millis")))
        yield* TestClock.adjust("100 millis")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(err, [])
      }))

    it.effect("says nothing where there is no terminal", () =>
      Effect.gen(function*() {
        const { err, output } = yield* make("text")

        const fiber = yield* Effect.forkChild(output.waiting("Waiting for it")(Effect.sleep("1 minute")))
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)

        assert.deepStrictEqual(err, [])
      }))

    it.effect("clears the line when it is interrupted", () =>
      Effect.gen(function*() {
        const { err, output } = yield* make("text", true)

        const fiber = yield* Effect.forkChild(output.waiting("Waiting for it")(Effect.never))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)

        assert.isTrue(err.join("").endsWith("\r\u001b[K"))
      }))
  })
})

const make = Effect.fnUntraced(function*(
  format: Output.Format,
  stderrIsTerminal = false,
  stdoutIsTerminal = false
) {
  const out: Array<string> = []
  const err: Array<string> = []
  const into = (texts: Array<string>) => () =>
    Sink.forEach((chunk: string | Uint8Array) => Effect.sync(() => void texts.push(String(chunk))))
  const output = yield* Output.make(format).pipe(
    Effect.provide(Layer.merge(
      Stdio.layerTest({
        stdin: Stream.empty,
        stdout: into(out),
        stderr: into(err),
        stderrIsTerminal: Effect.succeed(stderrIsTerminal),
        stdoutIsTerminal: Effect.succeed(stdoutIsTerminal)
      }),
      ConfigProvider.layer(ConfigProvider.fromEnv({ env: { NO_COLOR: "1" } }))
    ))
  )
  return { out, err, output }
})
