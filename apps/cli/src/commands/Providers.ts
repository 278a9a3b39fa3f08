/**
 * `providers`: the servers that are known, and how each of them is.
 */
import { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import { FrameIo, FrameIoC2c, FrameIoLegacy } from "@effect-oauth/frameio"
import * as Command from "effect/cli/Command"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as GrantView from "../GrantView.ts"
import { Output } from "../Output.ts"

/** Lists the providers. */
export const providers = Command.make(
  "providers",
  {},
  Effect.fnUntraced(function*() {
    const output = yield* Output
    const facts = yield* Effect.forEach(known, factsOf)
    yield* output.result({ providers: facts }, (style) =>
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

interface Known {
  readonly name: string
  readonly title: string
  readonly clients: string
  readonly login: string
  readonly scopes: ReadonlyArray<string>
  readonly layer: Layer.Layer<AuthorizationServer, OAuthError> | undefined
}

const known: ReadonlyArray<Known> = [
  {
    name: "frameio",
    title: "Frame.io V4, by Adobe IMS",
    clients: "--kind web-app (a secret), spa and native (none), s2s (a service)",
    login: "by paste: Adobe accepts no address on this machine; needs --redirect-uri as registered",
    scopes: FrameIo.scopes,
    layer: FrameIo.layerAuthorizationServer
  },
  {
    name: "frameio-legacy",
    title: "Frame.io's legacy API (V2)",
    clients: "with a secret (Basic), or with PKCE and none",
    login: "by the browser and this machine, where such a redirect URI is registered; else by paste",
    scopes: FrameIoLegacy.scopes,
    layer: FrameIoLegacy.layerAuthorizationServer
  },
  {
    name: "frameio-c2c",
    title: "Frame.io Camera to Cloud",
    clients: "a device, with the secret of its model",
    login: "by device code, which this version does not do yet",
    scopes: FrameIoC2c.scopes,
    layer: FrameIoC2c.layerAuthorizationServer
  },
  {
    name: "generic",
    title: "any OAuth 2 server: --issuer, --description, or its endpoints",
    clients: "any: --client-authentication none, basic, basic-raw or post; --kind s2s for a service",
    login: "by the browser and this machine, or by paste, as the redirect URI says",
    scopes: [],
    layer: undefined
  }
]

interface Facts {
  readonly name: string
  readonly title: string
  readonly clients: string
  readonly login: string
  readonly scopes: ReadonlyArray<string>
  readonly authorizationEndpoint: string | null
  readonly tokenEndpoint: string | null
  readonly revocationEndpoint: string | null
  readonly deviceAuthorizationEndpoint: string | null
  readonly apiOrigins: ReadonlyArray<string>
  readonly rotation: string | null
  readonly endOfLife: string | null
}

const factsOf = Effect.fnUntraced(
  function*(
    { layer, ...rest }: Known
  ): Effect.fn.Return<Facts & { readonly [key: string]: string | null | ReadonlyArray<string> }, OAuthError> {
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
  }
)

const lines = (facts: Facts): ReadonlyArray<readonly [string, string]> => {
  const all: ReadonlyArray<readonly [string, string | null]> = [
    ["clients", facts.clients],
    ["login", facts.login],
    ["login at", facts.authorizationEndpoint],
    ["tokens at", facts.tokenEndpoint],
    ["revoked at", facts.revocationEndpoint],
    ["token for", facts.apiOrigins.length === 0 ? null : facts.apiOrigins.join(" ")],
    ["scopes", facts.scopes.length === 0 ? null : facts.scopes.join(" ")],
    ["refresh", facts.rotation],
    ["ends", facts.endOfLife]
  ]
  return all.flatMap(([label, text]) => text === null ? [] : [[label, text] as const])
}
