/**
 * `man`: the whole manual.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as CommandTree from "../CommandTree.ts"
import { usage } from "../Failure.ts"
import * as Manual from "../Manual.ts"
import { Output } from "../Output.ts"
import * as Style from "../Style.ts"
import * as Suggestion from "../Suggestion.ts"

/** Prints the manual of the commands, which are asked for when they are there. */
export const man = <R>(describe: () => Effect.Effect<ReadonlyArray<CommandTree.Described>, never, R>) =>
  Command.make(
    "man",
    {
      section: Argument.String("section").pipe(
        Argument.withDescription("commands, settings, files, exit or environment; all, where none is named"),
        Argument.optional
      ),
      roff: Flag.Boolean("roff").pipe(
        Flag.withoutNegation,
        Flag.withDescription("Print the page that man(1) reads"),
        Flag.withDefault(false)
      )
    },
    Effect.fnUntraced(function*({ roff, section }) {
      const output = yield* Output
      const all = Manual.sections(yield* describe())
      const wanted = Option.match(section, {
        onNone: () => all,
        onSome: (word) => all.filter(({ title }) => title.toLowerCase().split(" ").includes(word.toLowerCase()))
      })
      if (wanted.length === 0) {
        const names = all.map(({ title }) => title.toLowerCase().split(" ")[0] ?? "")
        return yield* usage(
          `is no section; ${Suggestion.choice(Option.getOrElse(section, () => ""), names)}`,
          "SECTION"
        )
      }
      yield* output.result(
        { sections: wanted.map((each) => ({ title: each.title, text: Manual.toText([each], Style.plain) })) },
        (style) => roff ? Manual.toRoff(wanted) : Manual.toText(wanted, style)
      )
    })
  ).pipe(
    Command.withDescription("Show the manual: every command, setting, file and exit code"),
    Command.withShortDescription("Show the manual: commands, settings, exit codes"),
    Command.withExamples([
      { command: "effect-oauth man | less" },
      { command: "effect-oauth man settings", description: "The flags that every command has" },
      { command: "effect-oauth man --roff > ~/.local/share/man/man1/effect-oauth.1", description: "For man(1)" }
    ])
  )
