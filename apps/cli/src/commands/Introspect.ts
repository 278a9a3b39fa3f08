/**
 * `introspect`: what the server says of the token (RFC 7662).
 */
import { Introspection } from "@effect-oauth/core/Introspection"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { Output } from "../Output.ts"
import * as Session from "../Session.ts"
import { configuration } from "./Root.ts"

/** Asks the server about the access token. */
export const introspect = Command.make(
  "introspect",
  {},
  Effect.fnUntraced(function*() {
    const config = yield* configuration
    const output = yield* Output
    yield* Effect.gen(function*() {
      const { key, source } = yield* Session.Session
      const introspection = yield* Introspection
      const said = yield* output.waiting(`Asking about the token of ${key.account}`)(
        Effect.flatMap(source.token, ({ value }) => introspection.introspect(value, "access_token"))
      )
      if (said._tag === "Inactive") {
        return yield* output.result({ active: false }, (style) => style.red("The server says: not active"))
      }
      const facts: ReadonlyArray<readonly [string, string | undefined]> = [
        ["subject", said.subject && Redacted.value(said.subject)],
        ["user", said.username && Redacted.value(said.username)],
        ["client", said.clientId],
        ["scopes", said.scopes?.join(" ")],
        ["issuer", said.issuer],
        ["audience", said.audience?.join(" ")],
        ["type", said.tokenType],
        ["expires", said.expiresAt === undefined ? undefined : DateTime.formatIso(said.expiresAt)]
      ]
      yield* output.result(Redacted.value(said.members), (style) =>
        [
          style.green("The server says: active"),
          ...facts.flatMap(([label, text]) => text === undefined ? [] : [`  ${label.padEnd(8)} ${text}`])
        ].join("\n"))
    }).pipe(Effect.provide(Session.layer(config)))
  })
).pipe(
  Command.withDescription("Ask the server what it says of the token (RFC 7662)"),
  Command.withExamples([{ command: "effect-oauth introspect --json", description: "The whole answer" }])
)
