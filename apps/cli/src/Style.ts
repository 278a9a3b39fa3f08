/**
 * Colours, where there is a terminal that shows them and nobody who minds.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stdio from "effect/Stdio"

/** Ways to mark text. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

/** Marks text, or leaves it as it is. */
export const make = (colors: boolean): Style => {
  const mark = (code: number) => (text: string): string => colors ? `\u001b[${code}m${text}\u001b[0m` : text
  return { bold: mark(1), dim: mark(2), red: mark(31), green: mark(32), yellow: mark(33), cyan: mark(36) }
}

/** Text as it is. */
export const plain: Style = make(false)

/** What a stream shows. */
export interface Capability {
  readonly color: boolean
  readonly animation: boolean
}

/**
 * What the two streams show. `NO_COLOR` (https://no-color.org) wins over
 * `FORCE_COLOR`; a dumb terminal shows neither colours nor animation.
 */
export const capabilities: Effect.Effect<
  { readonly stdout: Capability; readonly stderr: Capability },
  never,
  Stdio.Stdio
> = Effect.gen(function*() {
  const stdio = yield* Stdio.Stdio
  const { forced, refused, term } = yield* Effect.orElseSucceed(environment, () => nothing)
  const dumb = Option.contains(term, "dumb")
  const force = Option.exists(forced, (value) => value !== "0" && value.toLowerCase() !== "false")
  const of = (isTerminal: boolean): Capability => ({
    color: Option.isNone(refused) && !dumb && (force || isTerminal),
    animation: isTerminal && !dumb
  })
  return { stdout: of(yield* stdio.stdoutIsTerminal), stderr: of(yield* stdio.stderrIsTerminal) }
})

const environment = Config.all({
  refused: Config.option(Config.String("NO_COLOR")),
  forced: Config.option(Config.String("FORCE_COLOR")),
  term: Config.option(Config.String("TERM"))
})

const nothing = { refused: Option.none(), forced: Option.none(), term: Option.none() }
