/**
 * `grants`: what operators do with the grants of a store.
 */
import * as Command from "effect/cli/Command"
import { remove } from "./grants/Delete.ts"
import { exported } from "./grants/Export.ts"
import { history } from "./grants/History.ts"
import { imported } from "./grants/Import.ts"
import { list } from "./grants/List.ts"
import { move } from "./grants/Move.ts"
import { reencrypt } from "./grants/Reencrypt.ts"
import { restore } from "./grants/Restore.ts"
import { setAside } from "./grants/SetAside.ts"

/** The commands for operators. */
export const grants = Command.make("grants").pipe(
  Command.withSubcommands([list, history, restore, remove, move, exported, imported, reencrypt, setAside]),
  Command.withDescription("Look after the grants of a store: list, history, restore, delete, move, export, import"),
  Command.withShortDescription("For operators: list, restore, move, export and more")
)
