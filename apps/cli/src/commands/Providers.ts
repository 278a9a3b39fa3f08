/**
 * `providers`: the servers that are known, and how each of them is.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as GrantView from "../GrantView.ts"
import { type Known, known } from "../Known.ts"
import { Output } from "../Output.ts"

/** Lists the providers. */
export const providers = Command.make(
  "providers",
  {},
  Effect.fnUntraced(function*() {
    const output = yield* Output
    const facts = yield* Effect.forEach(known, factsOf)
    yield* output.result({ providers: facts.map((fact) => ({ ...fact })) }, (style) =>
      facts.map((fact) =>
        [
          `${style.bold(fact.name)} ${style.dim(fact.title)}`,
          ...lines(fact).map(([label, text]) => `  ${label.padEnd(10)} ${text}`)
        ].join("\n")
      ).join("\n\n"))
  })
).pipe(
  Command.withDescription("List the providers that are known, with what is particular to each"),
  Command.withExamples([{ command: "effect-oauth providers --json" }])
)

interface Facts extends Omit<Known, "layer"> {
  readonly authorizationEndpoint: string | null
  readonly tokenEndpoint: string | null
  readonly revocationEndpoint: string | null
  readonly deviceAuthorizationEndpoint: string | null
  readonly apiOrigins: ReadonlyArray<string>
  readonly rotation: string | null
  readonly endOfLife: string | null
}

const factsOf = Effect.fnUntraced(function*({ layer, ...rest }: Known): Effect.fn.Return<Facts, OAuthError> {
  const server = layer === undefined ? undefined : yield* Effect.provide(AuthorizationServer, layer)
  return {
    ...rest,
    authorizationEndpoint: server?.authorizationEndpoint ?? null,
    tokenEndpoint: server?.tokenEndpoint ?? null,
    revocationEndpoint: server?.revocationEndpoint ?? null,
    deviceAuthorizationEndpoint: server?.deviceAuthorizationEndpoint ?? null,
    apiOrigins: server?.apiOrigins ?? [],
    rotation: server === undefined ? null : GrantView.rotationText(server.rotation),
    endOfLife: server?.endOfLife === undefined ? null : DateTime.formatIso(server.endOfLife)
  }
})

const lines = (facts: Facts): ReadonlyArray<readonly [string, string]> => {
  const all: ReadonlyArray<readonly [string, string | null]> = [
    ["clients", facts.clients],
    ["login", facts.login],
    ["login at", facts.authorizationEndpoint],
    ["codes at", facts.deviceAuthorizationEndpoint],
    ["tokens at", facts.tokenEndpoint],
    ["revoked at", facts.revocationEndpoint],
    ["token for", facts.apiOrigins.length === 0 ? null : facts.apiOrigins.join(" ")],
    ["scopes", facts.scopes.length === 0 ? null : facts.scopes.join(" ")],
    ["refresh", facts.rotation],
    ["ends", facts.endOfLife]
  ]
  return all.flatMap(([label, text]) => text === null ? [] : [[label, text] as const])
}
