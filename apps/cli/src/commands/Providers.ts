/**
 * `providers`: the servers that are known, and how each of them is.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import { Description } from "@effect-oauth/generic-rfc6749"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { titles } from "../Catalogue.ts"
import * as Described from "../Described.ts"
import { configuration, type Failure } from "../Failure.ts"
import * as GrantView from "../GrantView.ts"
import { type Known, known } from "../Known.ts"
import { Output } from "../Output.ts"
import * as Settings from "../Settings.ts"
import type { Style } from "../Style.ts"
import * as Suggestion from "../Suggestion.ts"

/** Lists the providers, or tells of one. */
export const providers = Command.make(
  "providers",
  {
    name: Argument.String("name").pipe(
      Argument.withDescription("The provider to tell of; all, where none is named"),
      Argument.optional
    )
  },
  Effect.fnUntraced(function*({ name }) {
    const output = yield* Output
    if (Option.isSome(name)) {
      const facts = yield* factsOfOne(name.value)
      return yield* output.result({ provider: { ...facts } }, (style) => shown(facts, style))
    }
    const facts = yield* Effect.forEach(known, factsOf)
    const catalogue = Object.entries(titles).map(([name, title]) => ({ name, title }))
    yield* output.result({ providers: facts.map((fact) => ({ ...fact })), catalogue }, (style) =>
      [
        ...facts.map((fact) => shown(fact, style)),
        `${style.bold("the catalogue")} ${style.dim("effect-oauth providers NAME tells of one")}\n`
        + wrapped(catalogue.map(({ name }) => name))
      ].join("\n\n"))
  })
).pipe(
  Command.withDescription("List the providers that are known, or tell what is particular to one"),
  Command.withShortDescription("List the providers that are known, or tell of one"),
  Command.withExamples([
    { command: "effect-oauth providers --json" },
    { command: "effect-oauth providers slack" }
  ])
)

const shown = (facts: Facts, style: Style): string =>
  [
    `${style.bold(facts.name)} ${style.dim(facts.title)}`,
    ...lines(facts).map(([label, text]) => `  ${label.padEnd(10)} ${text}`)
  ].join("\n")

const wrapped = (names: ReadonlyArray<string>): string => {
  const rows: Array<string> = []
  for (const name of names) {
    const row = rows.at(-1)
    if (row !== undefined && row.length + name.length < 78) rows[rows.length - 1] = `${row} ${name}`
    else rows.push(`  ${name}`)
  }
  return rows.join("\n")
}

interface Facts extends Omit<Known, "layer"> {
  readonly authorizationEndpoint: string | null
  readonly tokenEndpoint: string | null
  readonly revocationEndpoint: string | null
  readonly deviceAuthorizationEndpoint: string | null
  readonly apiOrigins: ReadonlyArray<string>
  readonly rotation: string | null
  readonly endOfLife: string | null
  /** What the addresses have places for. */
  readonly variables: ReadonlyArray<{
    readonly name: string
    readonly description: string | null
    readonly default: string | null
  }>
  readonly sources: ReadonlyArray<{ readonly standing: string; readonly url: string }>
}

const factsOfOne = Effect.fnUntraced(function*(name: string): Effect.fn.Return<Facts, Failure | OAuthError> {
  const own = known.find((each) => each.name === name)
  if (own !== undefined) return yield* factsOf(own)
  return Settings.isCatalogued(name)
    ? described(titles[name], yield* Described.load(name))
    : yield* configuration(
      "NAME",
      `is no provider: "${name}"; ${
        Suggestion.choice(name, [...known.map(({ name }) => name), ...Object.keys(titles)])
      }`
    )
})

// places stay as they are: what fills them is told beside
const described = (title: string, description: Description.Encoded): Facts => {
  const { authorizationEndpoint, clientAuthentication, deviceAuthorizationEndpoint, rotation, sources, variables } =
    description
  const method = typeof clientAuthentication === "string" ? clientAuthentication : clientAuthentication?.token
  return {
    name: description.provider,
    title,
    clients: method === "none" ? "without a secret" : `by ${method ?? "basic"}`,
    login: authorizationEndpoint === undefined
      ? deviceAuthorizationEndpoint === undefined ? "none" : "by a code that is entered elsewhere"
      : "by the browser and this machine, where such a redirect URI is registered; else by paste",
    scopes: [],
    authorizationEndpoint: authorizationEndpoint ?? null,
    tokenEndpoint: description.tokenEndpoint,
    revocationEndpoint: description.revocationEndpoint ?? null,
    deviceAuthorizationEndpoint: deviceAuthorizationEndpoint ?? null,
    apiOrigins: description.apiOrigins ?? [],
    rotation: GrantView.rotationText(policyOf(rotation)),
    endOfLife: description.endOfLife ?? null,
    variables: Object.entries(variables ?? {}).flatMap(([name, variable]) =>
      variable.from === "grant" ? [] : [{
        name,
        description: variable.description ?? null,
        default: variable.default ?? null
      }]
    ),
    sources: (sources ?? []).map(({ standing, url }) => ({ standing, url }))
  }
}

const policyOf = (rotation: Description.Encoded["rotation"]): RotationPolicy.RotationPolicy =>
  Result.match(
    Description.decode({ provider: "any", tokenEndpoint: "https://any.example", ...rotation && { rotation } }),
    {
      onFailure: () => RotationPolicy.unknown,
      onSuccess: (decoded) =>
        Result.getOrElse(Result.map(Description.toOptions(decoded), (options) => options.rotation), () => undefined)
          ?? RotationPolicy.unknown
    }
  )

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
    endOfLife: server?.endOfLife === undefined ? null : DateTime.formatIso(server.endOfLife),
    variables: [],
    sources: []
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
    ["ends", facts.endOfLife],
    ...facts.variables.map(({ default: usual, description, name }) =>
      ["--variable", `${name}=${usual ?? "…"} ${description ?? ""}`.trimEnd()] as const
    ),
    ...facts.sources.map(({ standing, url }) => ["source", `${url} (${standing})`] as const)
  ]
  return all.flatMap(([label, text]) => text === null ? [] : [[label, text] as const])
}
