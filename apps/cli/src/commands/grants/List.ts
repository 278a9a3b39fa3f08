/**
 * `grants list`: the grants of a store, one a line, as they are read.
 */
import { GrantAdministration } from "@effect-oauth/core/GrantAdministration"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as GrantLine from "../../GrantLine.ts"
import * as Operators from "../../Operators.ts"
import { Output } from "../../Output.ts"
import { configuration } from "../Root.ts"

/** Lists grants. */
export const list = Command.make(
  "list",
  {
    state: Flag.Literals("state", ["Active", "Renewing", "Indeterminate", "ReauthorizationRequired", "Revoked"]).pipe(
      Flag.withMetavar("STATE"),
      Flag.withDescription("Those in a state"),
      Flag.optional
    )
  },
  Effect.fnUntraced(function*({ state }) {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { list } = yield* GrantAdministration
      const { account, provider } = config.asked
      yield* output.lines(
        Stream.map(list({ account, provider, state: Option.getOrUndefined(state) }), GrantLine.ofListed)
      )
    }).pipe(Effect.provide(Operators.layerLooking(config)))
  })
).pipe(
  Command.withDescription("List grants with age, last outcome and rest; --account and --provider narrow it down"),
  Command.withShortDescription("List grants with age, last outcome and rest"),
  Command.withExamples([
    { command: "effect-oauth grants list --state ReauthorizationRequired" },
    { command: "effect-oauth grants list --json", description: "An object a line, for a program" }
  ])
)
