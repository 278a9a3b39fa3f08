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
    "Log in to an OAuth 2 server once, and have a token whenever you ask.\n\n" +
      "  Settings come from flags, from the environment (EFFECT_OAUTH_CLIENT_ID for --client-id, and so on), and from\n" +
      "  profiles of the configuration file, in this order.\n\n" +
      "  Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 log in again, 4 try again later,\n" +
      "  130 interrupted; call: 13, 14 and 15 for answers of the classes 3xx, 4xx and 5xx."
  )
)

/** The settings of the command that runs. */
export const configuration = Effect.flatMap(root, Configuration.load)
