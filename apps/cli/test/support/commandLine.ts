/**
 * The command line in this process: what it writes, and how it ends.
 */
import * as Main from "@effect-oauth/cli/Main"
import { NodeServices } from "@effect/platform-node"
import { ConfigProvider, Effect, Exit, Layer, Sink, Stdio, Stream, Terminal } from "effect"

/** What a command wrote, and its exit code. */
export interface Ran {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** How a command is run. */
export interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** What the person types in, who has read what stderr said so far. */
  readonly types?: (said: string) => Effect.Effect<string>
  /** What the person's browser does, once, with the address that stderr shows. */
  readonly visits?: (said: string) => Effect.Effect<void>
  /** Ctrl-C, when that is done, which may wait until stdout holds something. */
  readonly interrupted?: (until: (holds: (said: string) => boolean) => Effect.Effect<void>) => Effect.Effect<void>
  /** Which streams are a terminal; none. */
  readonly terminal?: { readonly stdin?: boolean; readonly stdout?: boolean; readonly stderr?: boolean }
}

/** Runs a command. */
export const run = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>,
  { env = {}, interrupted = () => Effect.never, stdin = "", terminal = {}, types, visits }: Options = {}
): Effect.fn.Return<Ran> {
  const decoder = new TextDecoder()
  const out: Array<string> = []
  const err: Array<string> = []
  let visited = visits === undefined
  const into = (texts: Array<string>) => () =>
    Sink.forEach((chunk: string | Uint8Array) =>
      Effect.suspend(() => {
        texts.push(typeof chunk === "string" ? chunk : decoder.decode(chunk))
        if (visited || texts !== err || !/https?:\S+\?\S+\s/.test(err.join(""))) return Effect.void
        visited = true
        return Effect.forkDetach(visits?.(err.join("")) ?? Effect.void)
      })
    )
  const until = (holds: (said: string) => boolean): Effect.Effect<void> =>
    Effect.suspend(() => holds(out.join("")) ? Effect.void : Effect.andThen(Effect.sleep("20 millis"), until(holds)))
  const lines = stdin.split("\n").filter((line) => line !== "")
  const services = Layer.merge(
    Stdio.layerTest({
      stdin: Stream.make(new TextEncoder().encode(stdin)),
      stdinIsTerminal: Effect.succeed(terminal.stdin ?? false),
      stdoutIsTerminal: Effect.succeed(terminal.stdout ?? false),
      stderrIsTerminal: Effect.succeed(terminal.stderr ?? false),
      stdout: into(out),
      stderr: into(err)
    }),
    Layer.succeed(
      Terminal.Terminal,
      Terminal.make({
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        size: Effect.die("unused"),
        readInput: Effect.die("unused"),
        readLine: Effect.suspend(() => {
          if (types !== undefined) return types(err.join(""))
          const line = lines.shift()
          return line === undefined ? Effect.fail(new Terminal.QuitError({})) : Effect.succeed(line)
        }),
        display: () => Effect.void
      })
    )
  )
  const exit = yield* Effect.exit(
    Effect.provide(
      Effect.raceFirst(Main.run(args), Effect.andThen(interrupted(until), Effect.interrupt)),
      Layer.mergeAll(NodeServices.layer, ConfigProvider.layer(ConfigProvider.fromEnv({ env })), services)
    )
  )
  const failure = Exit.isFailure(exit) ? exit.cause.reasons[0] : undefined
  return {
    stdout: out.join(""),
    stderr: err.join(""),
    exitCode: failure === undefined ? 0 : failure._tag === "Fail" ? failure.error.exitCode : 130
  }
})
