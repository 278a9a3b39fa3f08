/**
 * The command line: its commands, and what becomes of what they fail with.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Completions from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Runtime from "effect/Runtime"
import type * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import type * as Terminal from "effect/Terminal"
import { createRequire } from "node:module"
import * as Arguments from "./Arguments.ts"
import { call } from "./commands/Call.ts"
import { demo } from "./commands/Demo.ts"
import { doctor } from "./commands/Doctor.ts"
import { grants } from "./commands/Grants.ts"
import { introspect } from "./commands/Introspect.ts"
import { login } from "./commands/Login.ts"
import { logout } from "./commands/Logout.ts"
import { man } from "./commands/Man.ts"
import { providers } from "./commands/Providers.ts"
import { refresh } from "./commands/Refresh.ts"
import { request } from "./commands/Request.ts"
import { revoke } from "./commands/Revoke.ts"
import { root } from "./commands/Root.ts"
import { sandbox } from "./commands/Sandbox.ts"
import { status } from "./commands/Status.ts"
import { token } from "./commands/Token.ts"
import * as CommandTree from "./CommandTree.ts"
import * as ExitCode from "./ExitCode.ts"
import * as Failure from "./Failure.ts"
import * as Help from "./Help.ts"
import * as Output from "./Output.ts"
import * as Style from "./Style.ts"

/** Everything that `effect-oauth` can do. */
export const command = root.pipe(
  Command.withSubcommands([
    { group: "LOG IN AND OUT", commands: [login, logout, revoke] },
    { group: "USE", commands: [token, call, status, refresh, introspect, request] },
    { group: "SET UP, TRY, OPERATE", commands: [demo, sandbox, providers, doctor, grants, man(() => described())] }
  ])
)

/** Every command, with what its help is made of. */
export function described(): Effect.Effect<
  ReadonlyArray<CommandTree.Described>,
  never,
  Output.Output | FileSystem.FileSystem | Path.Path | Terminal.Terminal | ChildProcessSpawner | Stdio.Stdio
> {
  return CommandTree.describe(command)
}

/** The end of a command that failed: everything has been said, and the exit code is left. */
export class Ended extends Data.TaggedError("Ended")<{ readonly exitCode: number }> {
  override readonly [Runtime.errorReported] = false
  override get [Runtime.errorExitCode](): number {
    return this.exitCode
  }
}

/** Runs a command by its arguments. Whatever fails is told, in one sentence. */
export const run = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>
): Effect.fn.Return<
  void,
  Ended,
  ChildProcessSpawner | FileSystem.FileSystem | Path.Path | Stdio.Stdio | Terminal.Terminal
> {
  const output = yield* Output.make(Arguments.wantsJson(args) ? "json" : "text")
  const { stdout } = yield* Style.capabilities
  const formatter = Help.formatter(stdout.color, Style.make(stdout.color))

  const misread = Arguments.misread(args)
  const program = misread === undefined ? Command.runWith(command, { version })(args) : Effect.fail(misread)
  yield* program.pipe(
    Effect.provide(Layer.mergeAll(
      Layer.succeed(Output.Output, output),
      CliOutput.layer(formatter),
      CliOutput.layerPresenter(presenter(output, formatter)),
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, completions(output)] }),
      Logger.layer([logger(output.format)])
    )),
    Effect.catchCause((cause) =>
      Option.match(Failure.fromCause(cause), {
        onNone: () => Effect.interrupt,
        onSome: (report) =>
          report.exitCode === ExitCode.ok
            ? Effect.void
            : Effect.andThen(
              report.exitCode === ExitCode.closed ? Effect.void : output.failure(report),
              Effect.fail(new Ended({ exitCode: report.exitCode }))
            )
      })
    )
  )
})

const { version } = createRequire(import.meta.url)("../package.json") as { readonly version: string }

// as the one that is built in, but through the output that tells when nothing can be written
const completions = (output: Output.Output["Service"]) =>
  GlobalFlag.Action({
    flag: GlobalFlag.Completions.flag,
    run: (shell, { command }) =>
      Option.match(shell, {
        onNone: () => Effect.void,
        onSome: (shell) =>
          Effect.orDie(output.bytes(
            Stream.make(`${Completions.generate(command.name, shell, Completions.fromCommand(command))}\n`)
          ))
      })
  })

// libraries log what they pass over: that is for people too
const logger = (format: Output.Format) =>
  Logger.withConsoleError(Logger.make(({ message }) => {
    const text = (Array.isArray(message) ? message : [message]).filter((part) => typeof part === "string").join(" ")
    return format === "json" ? JSON.stringify({ warning: text }) : `warning: ${text}`
  }))

const presenter = (output: Output.Output["Service"], formatter: CliOutput.Formatter): CliOutput.Presenter => {
  const print = (text: string) => Effect.orDie(output.bytes(Stream.make(`${text}\n`)))
  return {
    present: (event) => {
      switch (event._tag) {
        case "Help":
          return print(formatter.formatHelpDoc(event.helpDoc))
        case "Version":
          return print(formatter.formatVersion(event.name, event.version))
        // told as every failure is
        case "InvalidInvocation":
          return Effect.void
      }
    }
  }
}
