/**
 * `grants delete`: deletes all that is known of a person.
 */
import { GrantAdministration } from "@effect-oauth/core/GrantAdministration"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ExitCode from "../../ExitCode.ts"
import { make, usage } from "../../Failure.ts"
import * as GrantLine from "../../GrantLine.ts"
import * as Operators from "../../Operators.ts"
import { Output } from "../../Output.ts"
import { configuration, root } from "../Root.ts"

/** Deletes the grants of an account, everywhere. */
export const remove = Command.make(
  "delete",
  {
    yes: Flag.Boolean("yes").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Do it; without this they are only shown"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*({ yes }) {
    const shared = yield* root
    const config = yield* configuration
    const output = yield* Output
    const { account } = config.asked
    if (account === undefined) return yield* usage("is missing: name whose grants are to be deleted", "--account")
    if (!yes) {
      yield* Effect.gen(function*() {
        const { list } = yield* GrantAdministration
        yield* output.lines(Stream.map(list({ account }), GrantLine.ofListed))
      }).pipe(Effect.provide(Operators.layerLooking(config)))
      return yield* output.note("Nothing was deleted: --yes revokes these and removes them")
    }

    yield* Effect.gen(function*() {
      const { deleteAccount } = yield* GrantAdministration
      const deletion = yield* deleteAccount(account)
      yield* output.lines(Stream.fromIterable(deletion.grants.map(GrantLine.ofDeleted)))
      if (deletion.logins > 0) yield* output.note(`Logins that were under way and are ended: ${deletion.logins}`)
      if (deletion.isComplete) return
      return yield* make({
        code: "DeletionPending",
        message: `Not all of ${account} is deleted yet: run the same command again`,
        exitCode: ExitCode.transient
      })
    }).pipe(Effect.provide(Operators.layer(shared, config)))
  })
).pipe(
  Command.withDescription("Delete all of a person: every grant of the account, at every server, for every profile"),
  Command.withShortDescription("Delete every grant of a person, at every server"),
  Command.withExamples([{ command: "effect-oauth grants delete --account ada@example.com --yes" }])
)
