/**
 * Where the command's words go: results to stdout and to nobody else, everything
 * else to stderr; text for people, JSON for programs.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import type { Json } from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { type Report, toJson } from "./Report.ts"
import * as Style from "./Style.ts"

/** What the output is for. */
export type Format = "text" | "json"

/**
 * Where the command's words go.
 *
 * With `--json` stderr has one JSON object a line, each with one member that
 * says what it is: `error`, `warning`, `note` or `visit`.
 */
export class Output extends Context.Service<Output, {
  readonly format: Format
  /** What a command was run for: JSON, or text made with the style of stdout. */
  readonly result: (json: Json, text: (style: Style.Style) => string) => Effect.Effect<void, PlatformError>
  /** A result of many lines, written as they come: with `--json` an object a line. */
  readonly lines: <E, R>(
    stream: Stream.Stream<{ readonly json: Json; readonly text: (style: Style.Style) => string }, E, R>
  ) => Effect.Effect<void, PlatformError | E, R>
  /**
   * A result that changes: on a terminal each takes the place of the one before, and the last stays; elsewhere those
   * that differ are written one after the other.
   */
  readonly live: <E, R>(
    stream: Stream.Stream<{ readonly json: Json; readonly text: (style: Style.Style) => string }, E, R>
  ) => Effect.Effect<void, PlatformError | E, R>
  /** Bytes for stdout as they are. */
  readonly bytes: <E, R>(
    stream: Stream.Stream<string | Uint8Array, E, R>
  ) => Effect.Effect<void, PlatformError | E, R>
  /** A word on what happens, on stderr. */
  readonly note: (text: string) => Effect.Effect<void>
  /** A word on what should be otherwise, on stderr. */
  readonly warn: (text: string) => Effect.Effect<void>
  /** An address for the browser, and a code to enter there, on stderr. */
  readonly visit: (url: string, code?: string) => Effect.Effect<void>
  readonly failure: (report: Report) => Effect.Effect<void>
  /** Tells people what is waited for while an effect runs; only on a terminal. */
  readonly waiting: (what: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}>()("@effect-oauth/cli/Output") {}

/** Makes the output of this process. */
export const make = Effect.fnUntraced(
  function*(format: Format): Effect.fn.Return<Output["Service"], never, Stdio.Stdio> {
    const stdio = yield* Stdio.Stdio
    const capable = yield* Style.capabilities
    const stdout = Style.make(capable.stdout.color && format === "text")
    const stderr = Style.make(capable.stderr.color && format === "text")

    const bytes: Output["Service"]["bytes"] = (stream) => Stream.run(stream, stdio.stdout())
    // whoever closed stderr does not want to hear of it
    const say = (text: string): Effect.Effect<void> => Effect.ignore(Stream.run(Stream.make(text), stdio.stderr()))
    const sayJson = (json: Json): Effect.Effect<void> => say(`${JSON.stringify(json)}\n`)
    const line = (text: string): Effect.Effect<void> => say(`${printable(text)}\n`)

    return Output.of({
      format,
      bytes,
      lines: (stream) =>
        bytes(
          Stream.map(stream, ({ json, text }) =>
            format === "json" ? `${JSON.stringify(json)}\n` : `${printable(text(stdout))}\n`)
        ),
      live: (stream) =>
        format === "text" && capable.stdout.animation
          ? screen(stream, bytes, stdout)
          : bytes(
            stream.pipe(
              Stream.map(({ json, text }) =>
                format === "json" ? `${JSON.stringify(json)}\n` : `${printable(text(stdout))}\n`
              ),
              Stream.changes
            )
          ),
      result: (json, text) =>
        bytes(Stream.make(format === "json" ? `${JSON.stringify(json)}\n` : `${printable(text(stdout)).trimEnd()}\n`)),
      note: (text) => format === "json" ? sayJson({ note: text }) : line(text),
      warn: (text) => format === "json" ? sayJson({ warning: text }) : line(`${stderr.yellow("warning:")} ${text}`),
      visit: (url, code) =>
        format === "json"
          ? sayJson({ visit: { url, ...(code === undefined ? {} : { code }) } })
          : line(
            code === undefined
              ? `Log in at\n\n  ${stderr.bold(url)}\n`
              : `Log in at\n\n  ${stderr.bold(url)}\n\nand enter the code ${stderr.bold(code)}\n`
          ),
      failure: (report) =>
        format === "json" ? sayJson({ error: toJson(report) }) : line(`${stderr.red("error:")} ${report.message}`),
      waiting: (what) => (effect) =>
        format === "json" || !capable.stderr.animation
          ? effect
          : Effect.scoped(Effect.andThen(Effect.forkScoped(spin(what, say, stderr)), effect))
    })
  }
)

// What others wrote must not move the cursor, ring or colour; our own styles and line breaks stay.
const printable = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/(?!\u001b\[\d{1,2}m)[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu, " ")

// the terminal's second screen, which leaves what was on the first as it was
const screen = <E, R>(
  stream: Stream.Stream<{ readonly text: (style: Style.Style) => string }, E, R>,
  bytes: Output["Service"]["bytes"],
  style: Style.Style
): Effect.Effect<void, PlatformError | E, R> => {
  let last = ""
  const frames = Stream.map(stream, ({ text }) => {
    last = printable(text(style)).trimEnd()
    return `\u001b[H${last.split("\n").map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`
  })
  const write = (text: string) => bytes(Stream.make(text))
  return Effect.acquireUseRelease(
    write("\u001b[?1049h\u001b[?25l"),
    () => bytes(frames),
    () => Effect.ignore(write(`\u001b[?25h\u001b[?1049l${last}\n`))
  )
}

const spin = (
  what: string,
  say: (text: string) => Effect.Effect<void>,
  style: Style.Style
): Effect.Effect<void> => {
  let turn = 0
  const frame = Effect.suspend(() => {
    const seconds = Math.floor(turn * frameMillis / 1000)
    const since = seconds < 5 ? "" : style.dim(` ${seconds} s`)
    return say(`\r${style.cyan(frames.charAt(turn++ % frames.length))} ${what}${since}\u001b[K`)
  })
  return Effect.sleep(patience).pipe(
    Effect.andThen(Effect.forever(Effect.andThen(frame, Effect.sleep(frameMillis)))),
    Effect.ensuring(Effect.suspend(() => turn === 0 ? Effect.void : say("\r\u001b[K")))
  )
}

const frames = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

const frameMillis = 80

// what is quick needs no spinner
const patience = 200
