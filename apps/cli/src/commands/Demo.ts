/**
 * `demo`: a grant's whole life, told and shown.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as ExitCode from "../ExitCode.ts"
import { make } from "../Failure.ts"

/** Plays the demonstration. */
export const demo = Command.make(
  "demo",
  {
    browser: Flag.Boolean("browser").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Log in by a real browser, instead of letting the sandbox approve by itself"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function*(options) {
    // loaded by whoever wants it, as it brings a whole server
    const { layer, play } = yield* Effect.promise(() => import("../demo/Demo.ts"))
    yield* Effect.provide(play(options), layer(options)).pipe(
      Effect.catchTag(
        ["NotShown", "SandboxError", "VisitFailed"],
        (error) => Effect.fail(make({ code: error._tag, message: error.message, exitCode: ExitCode.failed }))
      )
    )
  })
).pipe(
  Command.withDescription(
    "See a grant obtained, used, renewed, lost and revoked, against a real server on this machine"
  ),
  Command.withShortDescription("See a grant's whole life, against a server on this machine")
)
