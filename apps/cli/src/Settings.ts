/**
 * Every setting once: its flag, its variable, its member in the file, and what
 * it is for. Flags, help, the file's schema and the guide are made from this table.
 */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import { titles } from "./Catalogue.ts"

/** One setting. */
export interface Setting {
  /** The flag, without its dashes. */
  readonly flag: string
  /** `list` may be given several times, and holds words. */
  readonly type: "text" | "list" | "file" | "store" | "keyring"
  readonly choices?: readonly [string, ...Array<string>] | undefined
  readonly metavar: string
  readonly description: string
  /**
   * What it belongs to. Settings of a server and of its client come together: they
   * are not mixed with those of another server.
   */
  readonly group: "server" | "client" | "place"
}

const text = (flag: string, group: Setting["group"], metavar: string, description: string) =>
  ({ flag, type: "text", group, metavar, description }) as const

const list = (flag: string, group: Setting["group"], metavar: string, description: string) =>
  ({ flag, type: "list", group, metavar, description }) as const

/** The providers that this program knows by itself. */
export const own = ["frameio", "frameio-legacy", "frameio-c2c", "generic"] as const

/** The settings, by their names in the file. */
export const settings = {
  provider: {
    ...text("provider", "server", "NAME", "Whose authorization server"),
    choices: [...own, ...Object.keys(titles)]
  },
  variables: list("variable", "server", "NAME=VALUE", "A value that the provider's addresses have a place for"),
  kind: {
    ...text("kind", "client", "KIND", "What the client is; by its secret, unless it is a service (s2s)"),
    choices: ["web-app", "spa", "native", "s2s"]
  },
  testOrigin: text("test-origin", "server", "URL", "A server on this machine that stands for all of Frame.io's"),
  description: {
    flag: "description",
    type: "file",
    group: "server",
    metavar: "FILE",
    description: "A server described in JSON"
  },
  issuer: text("issuer", "server", "URL", "A server found by its metadata (RFC 8414, OpenID Connect)"),
  authorizationEndpoint: text("authorization-endpoint", "server", "URL", "A server by its endpoints: the login"),
  tokenEndpoint: text("token-endpoint", "server", "URL", "A server by its endpoints: tokens"),
  revocationEndpoint: text("revocation-endpoint", "server", "URL", "A server by its endpoints: revocation"),
  introspectionEndpoint: text("introspection-endpoint", "server", "URL", "A server by its endpoints: introspection"),
  deviceAuthorizationEndpoint: text("device-endpoint", "server", "URL", "A server by its endpoints: login by code"),
  apiOrigins: list("api-origin", "server", "ORIGIN", "An origin that gets the token, besides the provider's own"),
  clientId: text("client-id", "client", "ID", "The client, as registered"),
  clientSecretFile: {
    flag: "client-secret-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "A file that holds the client's secret and nothing else"
  },
  clientAuthentication: {
    ...text("client-authentication", "client", "METHOD", "How the client proves itself"),
    choices: ["none", "basic", "basic-raw", "post", "client-secret-jwt", "private-key-jwt", "tls"]
  },
  signingKeyFile: {
    flag: "signing-key-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "The private key that the client proves itself by: a JWK, or PEM"
  },
  tlsCertificateFile: {
    flag: "tls-certificate-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "The certificate that is shown to the server and its APIs, in PEM"
  },
  tlsKeyFile: {
    flag: "tls-key-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "The certificate's private key, in PEM"
  },
  tlsAuthorityFile: {
    flag: "tls-authority-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "Authorities that may vouch for the server, in PEM, instead of those that Node knows"
  },
  dpopKeyFile: {
    flag: "dpop-key-file",
    type: "file",
    group: "client",
    metavar: "FILE",
    description: "The key that tokens are bound to (RFC 9449), a JWK; made if it is not there"
  },
  redirectUri: text("redirect-uri", "client", "URL", "Where the login ends, as registered; loopback: any free port"),
  scopes: list("scope", "client", "SCOPE", "What to ask for at login"),
  account: text("account", "place", "NAME", "Your own name for whose grant it is; \"default\""),
  store: {
    flag: "store",
    type: "store",
    group: "place",
    metavar: "STORE",
    description: "Where grants are kept: a directory (of XDG data), postgres://… or redis://…"
  },
  keyring: {
    flag: "keyring",
    type: "keyring",
    group: "place",
    metavar: "FILE",
    description: "The keys that seal what is kept: {\"current\": NAME, \"keys\": {NAME: KEY}}; system; none"
  }
} as const satisfies { readonly [name: string]: Setting }

/** The name of a setting. */
export type Name = keyof typeof settings

/** The names of all settings. */
export const names: ReadonlyArray<Name> = Object.keys(settings) as Array<Name>

/** What a setting holds. */
export type Value<N extends Name> = (typeof settings)[N]["type"] extends "list" ? ReadonlyArray<string> : string

/** Values for some of the settings. */
export type Values = { readonly [N in Name]?: Value<N> | undefined }

/** The environment variable of a setting, `EFFECT_OAUTH_CLIENT_ID`. */
export const variable = (flag: string): string => `EFFECT_OAUTH_${flag.toUpperCase().replaceAll("-", "_")}`

/** A setting by its name. */
export const get = (name: Name): Setting => settings[name]

/** The flags of all settings. */
export const flags: { readonly [N in Name]: Flag.Flag<Option.Option<Value<N>>> } = Object.fromEntries(
  names.map((name) => [name, flagOf(get(name))])
) as { readonly [N in Name]: Flag.Flag<Option.Option<Value<N>>> }

/** Whether a name is a setting's. */
export const isName = (name: string): name is Name => Object.hasOwn(settings, name)

/** Whether a provider is one of the catalogue. */
export const isCatalogued = (provider: string): provider is keyof typeof titles => Object.hasOwn(titles, provider)

/** The words of a list as it is written in one text. */
export const words = (text: string): ReadonlyArray<string> => text.split(/\s+/).filter((word) => word !== "")

function flagOf(setting: Setting): Flag.Flag<Option.Option<string | ReadonlyArray<string>>> {
  const flag = single(setting).pipe(Flag.withDescription(setting.description))
  if (setting.type !== "list") return Flag.optional(flag)
  return Flag.map(
    Flag.atLeast(flag, 0),
    (values) => values.length === 0 ? Option.none() : Option.some(values.flatMap(words))
  )
}

function single({ choices, flag, metavar, type }: Setting): Flag.Flag<string> {
  if (choices !== undefined) return Flag.withMetavar(Flag.Literals(flag, choices), metavar)
  if (type === "file") return Flag.withMetavar(Flag.File(flag), metavar)
  return Flag.withMetavar(Flag.String(flag), metavar)
}
