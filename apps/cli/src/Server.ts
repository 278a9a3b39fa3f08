/**
 * The authorization server and the client that the settings mean.
 */
import type * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import type { AuthorizedHttpClient } from "@effect-oauth/core/AuthorizedHttpClient"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import type { OAuthHttpClient } from "@effect-oauth/core/OAuthHttpClient"
import * as Scopes from "@effect-oauth/core/Scopes"
import { FrameIo, FrameIoC2c, FrameIoLegacy } from "@effect-oauth/frameio"
import { Description } from "@effect-oauth/generic-rfc6749"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import type * as Stdio from "effect/Stdio"
import type { titles } from "./Catalogue.ts"
import type { Configuration } from "./Configuration.ts"
import * as Described from "./Described.ts"
import { configuration, type Failure } from "./Failure.ts"
import * as Metadata from "./Metadata.ts"
import type { Output } from "./Output.ts"
import * as Profile from "./Profile.ts"
import * as Proof from "./Proof.ts"
import * as Secret from "./Secret.ts"
import * as Settings from "./Settings.ts"

/** Whose tokens the client has: a person's after a login, a device's, or its own. */
export type Flow = "login" | "device" | "client-credentials"

/** A server and a client. */
export interface Server {
  readonly layer: Layer.Layer<Proof.Parts, Failure | OAuthError.OAuthError>
  readonly flow: Flow
  /** What is asked for where nothing is named. */
  readonly scopes: Scopes.Scopes
  /** Scopes of which one is needed for a refresh token. */
  readonly offline: Scopes.Scopes
  /** Asks who the token stands for, where the provider has its own way. */
  readonly who:
    | ((client: AuthorizedHttpClient) => Effect.Effect<string, Problem, AuthorizationServer.AuthorizationServer>)
    | undefined
}

type Problem = HttpClientError | OAuthError.OAuthError

/** The names of the providers that are known by this program itself. */
export type Own = (typeof Settings.own)[number]

/** The names of the providers that are known. */
export type Provider = Own | keyof typeof titles

/** The server and the client that the settings mean. */
export const choose = Effect.fnUntraced(function*(
  config: Configuration
): Effect.fn.Return<
  Server,
  Failure | OAuthError.OAuthError | PlatformError,
  FileSystem.FileSystem | OAuthHttpClient | Output | Stdio.Stdio
> {
  const { profile } = config
  const provider = providerOf(profile)
  if (provider === undefined) {
    return yield* Profile.missing(
      profile,
      "provider",
      "is missing, and no server is described (effect-oauth providers lists the known ones)"
    )
  }
  const clientId = yield* Effect.fromResult(Profile.require(profile, "clientId", "is missing"))
  yield* refuseForeign(profile, provider)
  const clientSecret = profile.secret === undefined ? undefined : yield* Secret.read(profile.secret)
  const client: Client = { clientId, clientSecret, kind: Profile.get(profile, "kind") }
  const server = provider === "generic"
    ? yield* generic(config, client)
    : Settings.isCatalogued(provider)
    ? yield* catalogued(provider, client, profile)
    : yield* frameio(provider, client, profile)
  const layer = Layer.provideMerge(yield* Proof.dpop(profile), server.layer)
  return { ...server, layer: Layer.catchTag(layer, "OAuthError", (error) => failing(named(profile, error))) }
})

/** The provider that the settings mean. */
export const providerOf = (profile: Profile.Profile): Provider | undefined =>
  Profile.providerOf(Profile.plain(profile)) as Provider | undefined

/**
 * A failure of the library in the words of whoever made the settings: a field is
 * called what they called it.
 */
export const named = (profile: Profile.Profile, error: OAuthError.OAuthError): Failure | OAuthError.OAuthError => {
  if (error.reason._tag !== "ConfigurationInvalid") return error
  const { field, problem } = error.reason
  return configuration(calledBy(profile, field), problem)
}

interface Client extends Proof.Client {
  readonly kind: string | undefined
}

const frameio = Effect.fnUntraced(function*(
  provider: Exclude<Own, "generic">,
  { clientId, clientSecret, kind }: Client,
  profile: Profile.Profile
): Effect.fn.Return<Server, Failure> {
  const origin = Profile.get(profile, "testOrigin")
  const secret = (what: string) =>
    clientSecret === undefined
      ? Effect.fail(
        configuration("--client-secret-file", `is missing; ${what} has a secret, so name the file that holds it`)
      )
      : Effect.succeed(clientSecret)
  // the library says the rest: which kinds have none
  const without = { clientId, ...(clientSecret === undefined ? {} : { clientSecret }) }
  const person = { flow: "login", offline: ["offline_access"] } as const

  switch (provider) {
    case "frameio": {
      const chosen = kind ?? (clientSecret === undefined ? "native" : "web-app")
      const options: FrameIo.Options = chosen === "web-app"
        ? { client: "webApp", clientId, clientSecret: yield* secret("a web app") }
        : chosen === "s2s"
        ? { client: "serverToServer", clientId, clientSecret: yield* secret("a service") }
        : { ...without, client: chosen === "spa" ? "singlePageApp" : "nativeApp" }
      return {
        ...person,
        flow: chosen === "s2s" ? "client-credentials" : "login",
        scopes: chosen === "s2s" ? FrameIo.serverToServerScopes : FrameIo.scopes,
        layer: Proof.spoken(
          origin === undefined ? FrameIo.layer(options) : FrameIo.layerLoopback({ ...options, origin })
        ),
        who: (client) => Effect.map(FrameIo.me(client), ({ email, name }) => `${name} <${email}>`)
      }
    }
    case "frameio-legacy": {
      if (kind === "s2s") {
        return yield* configuration(
          Profile.called(profile, "kind"),
          "the legacy server has no services; use another kind"
        )
      }
      const isConfidential = kind === "web-app" || (kind === undefined && clientSecret !== undefined)
      const options: FrameIoLegacy.Options = isConfidential
        ? { client: "confidential", clientId, clientSecret: yield* secret("a web app") }
        : { ...without, client: "public" }
      return {
        ...person,
        offline: ["offline"],
        scopes: FrameIoLegacy.scopes,
        layer: Proof.spoken(
          origin === undefined ? FrameIoLegacy.layer(options) : FrameIoLegacy.layerLoopback({ ...options, origin })
        ),
        who: (client) => Effect.map(FrameIoLegacy.me(client), ({ email, name }) => `${name} <${email}>`)
      }
    }
    case "frameio-c2c": {
      const options = { clientId, clientSecret: yield* secret("a device") }
      return {
        flow: "device",
        offline: ["offline"],
        scopes: FrameIoC2c.scopes,
        layer: Proof.spoken(
          origin === undefined ? FrameIoC2c.layer(options) : FrameIoC2c.layerLoopback({ ...options, origin })
        ),
        who: undefined
      }
    }
  }
})

const catalogued = Effect.fnUntraced(function*(
  provider: keyof typeof titles,
  client: Client,
  profile: Profile.Profile
): Effect.fn.Return<Server, Failure | OAuthError.OAuthError, FileSystem.FileSystem> {
  const decoded = yield* Effect.flatMap(
    Described.load(provider),
    (encoded) => Effect.fromResult(Description.decode(encoded))
  )
  yield* withoutHooks(decoded, Profile.called(profile, "provider"))
  const described = yield* Effect.mapError(
    Effect.fromResult(Description.toOptions(decoded, { variables: yield* variables(profile) })),
    (error) => named(profile, error)
  )
  return yield* ofDescription(described, client, profile)
})

const generic = Effect.fnUntraced(function*(
  config: Configuration,
  client: Client
): Effect.fn.Return<
  Server,
  Failure | OAuthError.OAuthError | PlatformError,
  FileSystem.FileSystem | OAuthHttpClient | Output
> {
  return yield* ofDescription(yield* describe(config), client, config.profile)
})

const ofDescription = Effect.fnUntraced(function*(
  described: Description.Described,
  { clientId, clientSecret, kind }: Client,
  profile: Profile.Profile
): Effect.fn.Return<Server, Failure, FileSystem.FileSystem> {
  const apiOrigins = Scopes.make(...described.apiOrigins ?? [], ...Profile.get(profile, "apiOrigins") ?? [])
  const { clientAssertion, clientAuthentication, ...server } = { ...described, ...endpoints(profile), apiOrigins }
  return {
    layer: yield* Proof.layer(profile, { clientId, clientSecret, clientAssertion, clientAuthentication, server }),
    flow: kind === "s2s" ? "client-credentials" : "login",
    scopes: Scopes.empty,
    offline: [described.dialect?.authorization?.offlineScope ?? "offline_access", "offline"],
    who: undefined
  }
})

// what data cannot say is said by an application
const withoutHooks = (
  { hooks = {}, provider }: Description.Description,
  called: string
): Effect.Effect<void, Failure> => {
  const [what] = Object.values(hooks)
  return what === undefined
    ? Effect.void
    : Effect.fail(
      configuration(
        called,
        `is ${provider}, which needs a hook (${what}); the command line has none, so use the library`
      )
    )
}

// NAME=VALUE each
const variables = (profile: Profile.Profile): Effect.Effect<Readonly<Record<string, string>>, Failure> =>
  Effect.map(
    Effect.forEach(Profile.get(profile, "variables") ?? [], (pair) => {
      const [name = "", ...value] = pair.split("=")
      return name === "" || value.length === 0
        ? Effect.fail(configuration(Profile.called(profile, "variables"), "is written NAME=VALUE"))
        : Effect.succeed([name, value.join("=")] as const)
    }),
    (pairs) => Object.fromEntries(pairs)
  )

// A server is described by a file, by its issuer, or by its endpoints; endpoints correct the other two.
const describe = Effect.fnUntraced(function*(
  config: Configuration
): Effect.fn.Return<
  Description.Described,
  Failure | OAuthError.OAuthError | PlatformError,
  FileSystem.FileSystem | OAuthHttpClient | Output
> {
  const { profile } = config
  const { description, issuer } = profile.values
  if (description !== undefined && issuer !== undefined) {
    return yield* configuration(issuer.called, `cannot be used together with ${description.called}; keep one of them`)
  }
  if (description !== undefined) {
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(fs.readFileString(description.value), ({ reason }) =>
      configuration(
        description.called,
        reason._tag === "NotFound"
          ? `there is no file ${description.value}; correct the path`
          : `the file ${description.value} cannot be read (${reason._tag}); check its owner and mode`
      ))
    const supplied = { variables: yield* variables(profile) }
    const reading = Description.decode(text)
    if (Result.isSuccess(reading)) yield* withoutHooks(reading.success, description.called)
    return yield* Effect.mapError(
      Effect.fromResult(Result.flatMap(reading, (decoded) => Description.toOptions(decoded, supplied))),
      (error) =>
        error.reason._tag === "ConfigurationInvalid"
          ? configuration(`${error.reason.field} in ${description.value}`, error.reason.problem)
          : error
    )
  }
  if (issuer !== undefined) {
    const options = yield* Effect.mapError(
      Metadata.get(issuer.value, config.cache),
      (error) => named(profile, error)
    )
    return { provider: "generic", ...options }
  }
  const tokenEndpoint = yield* Effect.fromResult(
    Profile.require(
      profile,
      "tokenEndpoint",
      "is missing, and so are --issuer and --description; name one of the three"
    )
  )
  return { provider: "generic", tokenEndpoint }
})

const endpoints = (profile: Profile.Profile): Partial<AuthorizationServer.Options> =>
  Object.fromEntries(
    endpointNames.flatMap((name) => {
      const value = Profile.get(profile, name)
      return value === undefined ? [] : [[name, value]]
    })
  )

const endpointNames = [
  "authorizationEndpoint",
  "tokenEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "deviceAuthorizationEndpoint"
] as const

// how a client proves itself, where a provider leaves that open
const ownCredentials = ["clientAuthentication", "signingKeyFile", "tlsCertificateFile"] as const

// A setting that a provider does not have was meant for another: nothing is guessed.
const refuseForeign = (profile: Profile.Profile, provider: Provider): Effect.Effect<void, Failure> => {
  const endpoints = ["description", "issuer", ...endpointNames] as const
  const foreign = provider === "generic"
    ? (["testOrigin", ...profile.values.description === undefined ? ["variables"] as const : []] as const)
    : Settings.isCatalogued(provider)
    ? (["testOrigin", ...endpoints] as const)
    : ([...endpoints, ...ownCredentials, "apiOrigins", "variables"] as const)
  const found = foreign.flatMap((name) => profile.values[name] ?? [])[0]
  return found === undefined
    ? Effect.void
    : Effect.fail(
      configuration(
        found.called,
        found === profile.values.testOrigin
          ? "is for Frame.io's providers; name the server's endpoints or its issuer"
          : found === profile.values.variables
          ? "is for addresses with places, and there are none; leave it out"
          : `is for the provider generic; ${provider} brings its own, so leave it out`
      )
    )
}

const calledBy = (profile: Profile.Profile, field: string): string => {
  if (field === "clientSecret") return profile.secret?.called ?? "--client-secret-file"
  if (field === "client") return Profile.called(profile, "kind")
  if (field.startsWith("parameters")) return "--parameter"
  if (field.startsWith("variables.")) return `--variable ${field.slice("variables.".length)}=…`
  if (field === "origin") return Profile.called(profile, "testOrigin")
  if (Settings.isName(field)) return Profile.called(profile, field)
  return field
}

const failing = (
  error: Failure | OAuthError.OAuthError
): Layer.Layer<Proof.Parts, Failure | OAuthError.OAuthError> => Layer.effectContext(Effect.fail(error))
