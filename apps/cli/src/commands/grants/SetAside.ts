/**
 * `grants set-aside`: moves a record out of the way that cannot be read.
 */
import * as GrantAdministration from "@effect-oauth/core/GrantAdministration"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ExitCode from "../../ExitCode.ts"
import { make } from "../../Failure.ts"
import { Output } from "../../Output.ts"
import * as Session from "../../Session.ts"
import { configuration } from "../Root.ts"

/** Moves a record out of the way. */
export const setAside = Command.make(
  "set-aside",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key } = yield* Session.Session
      const { setAside } = yield* GrantAdministration.GrantAdministration
      const aside = yield* setAside(key)
      if (aside !== undefined && !aside.accepted) {
        return yield* make({
          code: "RecordChanged",
          message: `The record of ${key.account} has changed in the meantime: run the command again`,
          exitCode: ExitCode.transient
        })
      }
      yield* output.result(
        { account: key.account, setAside: aside !== undefined, place: aside?.place ?? null },
        () =>
          aside === undefined
            ? `The record of ${key.account} can be read, or there is none: nothing was done`
            : `The record of ${key.account} is set aside, and kept as it was: ${aside.place}`
      )
    }).pipe(
      Effect.provide(Layer.provideMerge(GrantAdministration.layer({ services: [] }), Session.layer(config)))
    )
  })
).pipe(
  Command.withDescription("Move a record out of the way that cannot be read; it is kept, and a login can follow"),
  Command.withShortDescription("Move a record out of the way that cannot be read"),
  Command.withExamples([{ command: "effect-oauth grants set-aside --account work" }])
)
