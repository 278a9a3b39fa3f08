/**
 * `token`: a token that can be used now, for `$(effect-oauth token)`.
 */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Output } from "../Output.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Prints a token and nothing else. */
export const token = Command.make(
  "token",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key, source, view } = yield* Session.Session
      const { type, value } = yield* output.waiting(`Getting a token of ${key.account}`)(source.token)
      const grant = output.format === "json" ? yield* view : undefined
      yield* output.result({
        accessToken: Redacted.value(value),
        tokenType: type,
        expiresAt: grant?.expiresAt ?? null,
        scopes: grant?.scopes ?? []
      }, () => Redacted.value(value))
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Print a token that can be used now, renewed if it is due; nothing else is on stdout"),
  Command.withShortDescription("Print a token that can be used now, renewed if it is due"),
  Command.withExamples([{
    command: "curl -H \"Authorization: Bearer $(effect-oauth token)\" https://api.frame.io/v4/me",
    description: "Use a token elsewhere; any number of shells may ask at once"
  }])
)
