/**
 * `grants history`: what happened to a grant.
 */
import { GrantAdministration } from "@effect-oauth/core/GrantAdministration"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ExitCode from "../../ExitCode.ts"
import { make } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import * as Operators from "../../Operators.ts"
import { Output } from "../../Output.ts"
import * as Store from "../../Store.ts"
import { configuration } from "../Root.ts"

/** Tells what happened to the grants of an account. */
export const history = Command.make(
  "history",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { history, list } = yield* GrantAdministration
      const { account } = config
      const grants = yield* Stream.runCollect(list({ account, provider: config.asked.provider }))
      if (grants.length === 0) {
        return yield* make({
          code: "ReauthorizationRequired",
          why: "Absent",
          message: `There is no grant for the account ${account} in ${Store.shown(config.store)}: ` +
            "effect-oauth grants list shows whose there are",
          exitCode: ExitCode.reauthorize
        })
      }
      for (const listed of grants) {
        const entries = yield* history(listed.key)
        if (output.format === "text") yield* output.lines(Stream.make(GrantLine.ofListed(listed)))
        yield* output.lines(Stream.fromIterable(entries.map((entry) => GrantLine.ofEntry(listed.key, entry))))
      }
    }).pipe(Effect.provide(Operators.layerLooking(config)))
  })
).pipe(
  Command.withDescription("Tell what happened to a grant, when, and by which process: its last thirty or so writes"),
  Command.withShortDescription("Tell what happened to a grant: its last writes"),
  Command.withExamples([{ command: "effect-oauth grants history --account work" }])
)
