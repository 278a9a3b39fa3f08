/**
 * `grants`: what operators do with the grants of a store.
 */
import * as Command from "effect/cli/Command"
import { remove } from "./grants/Delete.ts"
import { history } from "./grants/History.ts"
import { list } from "./grants/List.ts"
import { move } from "./grants/Move.ts"
import { reencrypt } from "./grants/Reencrypt.ts"
import { restore } from "./grants/Restore.ts"
import { setAside } from "./grants/SetAside.ts"

/** The commands for operators. */
export const grants = Command.make("grants").pipe(
  Command.withSubcommands([list, history, restore, remove, move, reencrypt, setAside]),
  Command.withDescription("Look after the grants of a store: list, history, restore, delete, move, reencrypt")
)
