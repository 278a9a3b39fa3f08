/**
 * `refresh`: renews now, whether due or not.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as GrantView from "../GrantView.ts"
import { Output } from "../Output.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Renews the grant. */
export const refresh = Command.make(
  "refresh",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key, refresh, view } = yield* Session.Session
      yield* output.waiting(`Renewing the grant of ${key.account}`)(refresh)
      const grant = yield* view
      yield* output.result(
        { renewed: true, grant: grant === undefined ? null : { ...grant } },
        (style) => grant === undefined ? "Renewed" : GrantView.toText(grant, style)
      )
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Renew the grant now, whether it is due or not"),
  Command.withShortDescription("Renew the grant now, whether it is due or not"),
  Command.withExamples([{ command: "effect-oauth refresh --account work" }])
)
