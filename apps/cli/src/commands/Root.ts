/**
 * The command above all others, and the flags that all of them have.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Configuration from "../Configuration.ts"

/** The command without its subcommands. */
export const root = Command.make("effect-oauth").pipe(
  Command.withSharedFlags(Configuration.flags),
  Command.withDescription(
    "Log in to an OAuth 2 server once, and have a token whenever you ask."
  )
)

/** The settings of the command that runs. */
export const configuration = Effect.flatMap(root, Configuration.load)
