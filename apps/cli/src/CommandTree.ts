/**
 * Every command of a tree, with what its help is made of.
 */
import * as CliConfig from "effect/cli/CliConfig"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import type { HelpDoc } from "effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** A command, by the words that it is called with after the program's name. */
export interface Described {
  readonly path: ReadonlyArray<string>
  readonly doc: HelpDoc
}

/** What is asked of a tree of commands. */
export interface Tree {
  readonly name: string
  readonly subcommands: ReadonlyArray<{ readonly commands: ReadonlyArray<Tree> }>
}

/** The words of every command of a tree, the first without any. */
export const paths = (tree: Tree, above: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> => [
  above,
  ...tree.subcommands.flatMap(({ commands }) => commands.flatMap((command) => paths(command, [...above, command.name])))
]

/** Every command of a tree. */
export const describe = <Name extends string, Input, Context, E, R>(
  command: Command.Command<Name, Input, Context, E, R>
) => Effect.forEach(paths(command), (path) => Effect.map(ask(command, path), (doc): Described => ({ path, doc })))

// what help is made of is told to nobody but the presenter
const ask = Effect.fnUntraced(function*<Name extends string, Input, Context, E, R>(
  command: Command.Command<Name, Input, Context, E, R>,
  path: ReadonlyArray<string>
) {
  let found: HelpDoc | undefined
  const presenter: CliOutput.Presenter = {
    present: (event) => Effect.sync(() => void (event._tag === "Help" && (found = event.helpDoc)))
  }
  yield* Command.runWith(command, { version: "" })([...path, "--help"]).pipe(
    Effect.provide(Layer.mergeAll(
      CliOutput.layerPresenter(presenter),
      CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] })
    )),
    Effect.ignore
  )
  return found ?? (yield* Effect.die(new Error(`${path.join(" ")} has no help`)))
})
