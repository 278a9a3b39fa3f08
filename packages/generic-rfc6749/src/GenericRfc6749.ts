/**
 * Any OAuth 2 authorization server: from options, from `Config`, from a
 * description, or from its issuer.
 *
 * It is long because a server may be described, discovered or registered
 * with, each by values, by `Config`, and on this machine.
 *
 * @since 0.1.0
 */
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as Configuration from "@effect-oauth/core/Configuration"
import type * as OAuthClient from "@effect-oauth/core/OAuthClient"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type { OAuthHttpClient } from "@effect-oauth/core/OAuthHttpClient"
import * as RegisteredClient from "@effect-oauth/core/RegisteredClient"
import type { RegistrationStore } from "@effect-oauth/core/RegistrationStore"
import * as ServerMetadata from "@effect-oauth/core/ServerMetadata"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Description from "./Description.ts"
import * as Client from "./internal/client.ts"

/**
 * A provider with a client that registers itself.
 *
 * @category models
 * @since 0.1.0
 */
export type Registering = Layer.Layer<
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication.ClientAuthentication
  | RegisteredClient.RegisteredClient,
  OAuthError.OAuthError,
  OAuthHttpClient | RegistrationStore
>

/**
 * How the client is registered with the server.
 *
 * @category options
 * @since 0.1.0
 */
export interface ClientOptions {
  readonly clientId: string
  /** Absent for a public client. An effect is run for every request. */
  readonly clientSecret?: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError> | undefined
  /** With a secret `basic`, without one `none`, unless named. */
  readonly clientAuthentication?: Description.ClientAuthentication | undefined
  /** Signs the client's statements, for `privateKeyJwt` and `jwtSecret`: `ClientAssertion.signer` of `core/jose`. */
  readonly signer?: ClientAuthentication.Signer | undefined
  /** What those statements say. */
  readonly clientAssertion?: Description.ClientAssertion | undefined
}

/**
 * A server, and how the client is registered with it.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends AuthorizationServer.Options, ClientOptions {}

/**
 * A server by its description, and how the client is registered with it. Client
 * authentication that is named here goes before that of the description.
 *
 * @category options
 * @since 0.1.0
 */
export interface DescriptionOptions extends ClientOptions, Description.Supplied {
  /** A description, or its JSON text. */
  readonly description: unknown
}

/**
 * A server by its issuer, and how the client is registered with it. What is
 * named here goes before what the server says of itself.
 *
 * @category options
 * @since 0.1.0
 */
export interface DiscoveryOptions
  extends Partial<AuthorizationServer.Options>, Omit<ClientOptions, "clientAuthentication">
{
  readonly issuer: string
  /**
   * The issuer whose metadata is read, where that of the server has places which `issuerClaims` fill:
   * `https://login.microsoftonline.com/common/v2.0` for `https://login.microsoftonline.com/{tenantid}/v2.0`.
   */
  readonly discoveredAt?: string | undefined
  /**
   * A method by its name, or what chooses one by the server's metadata, such as
   * `(metadata) => ClientAssertion.fromMetadata(metadata, { clientId, key })` of
   * `core/jose`. By itself it is the best that the metadata lists and the client
   * can.
   */
  readonly clientAuthentication?:
    | Description.ClientAuthentication
    | ((metadata: ServerMetadata.Metadata) => ClientAuthentication.Made)
    | undefined
}

/**
 * A server by its issuer, and what the client registers itself with (RFC 7591).
 *
 * @category options
 * @since 0.1.0
 */
export interface RegistrationOptions extends Partial<AuthorizationServer.Options> {
  readonly issuer: string
  /** What to register with; `authenticate` for a method other than `none`, `client_secret_basic` and `client_secret_post`. */
  readonly registration: Parameters<typeof RegisteredClient.layerProvider>[0]
}

/**
 * The server.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServer = (
  options: AuthorizationServer.Options
): Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError.OAuthError> =>
  AuthorizationServer.layer(AuthorizationServer.make(options))

/**
 * The client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClientAuthentication = (
  options: ClientOptions
): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError> =>
  ClientAuthentication.layer(Client.authentication(options))

/**
 * The server and the client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): OAuthClient.Provider => provider(options, AuthorizationServer.make)

/**
 * A server on this machine, for tests and trials: plain `http` is accepted for
 * loopback addresses, and for no others.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLoopback = (options: Options): OAuthClient.Provider =>
  provider(options, AuthorizationServer.makeLoopback)

/**
 * The server and the client's authentication, where each option is a value or a
 * `Config`. What is missing or wrong is named by its variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Configuration.Options<Options>): OAuthClient.Provider =>
  Configuration.layer(options, layer)

/**
 * A server by its description, and the client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDescription = (options: DescriptionOptions): OAuthClient.Provider => described(options, layer)

/**
 * A described server on this machine, for tests and trials: plain `http` is
 * accepted for loopback addresses, and for no others.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDescriptionLoopback = (options: DescriptionOptions): OAuthClient.Provider =>
  described(options, layerLoopback)

/**
 * A server as it describes itself under its issuer (RFC 8414; OpenID Connect
 * Discovery), read when the layer is built, and the client's authentication.
 *
 * **Details**
 *
 * `provider` is the issuer's host, written with hyphens, unless named. A client
 * with a `signer` authenticates by `privateKeyJwt` where the server supports it,
 * one with a secret by `basic`, else by `post`; nothing is ever tried out. A
 * server that names its methods of PKCE, and S256 not among them, is
 * refused unless `dialect.authorization.pkce` says what to do. Logins are pushed
 * to a server that takes them so (RFC 9126), unless `dialect.authorization.pushed`
 * is `never`. An answer that names the issuer is refused where the server does
 * not announce that it does, unless `dialect.authorization.issuer` is `optional`
 * (RFC 9207, section 2.4).
 *
 * A server whose tenants have issuers of their own says so by an issuer with
 * places, which the claims of ID tokens fill (`issuerClaims`). It is named as the
 * metadata has it, and read at `discoveredAt`; nothing else makes metadata count
 * that names another issuer than the one that was asked for.
 *
 * Where a `ServerMetadata` is in the context, it is asked, so that layers that
 * are built again and again share what it keeps.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDiscovery = (options: DiscoveryOptions): OAuthClient.Provider<OAuthHttpClient> =>
  discovered(options, ServerMetadata.make, layer, AuthorizationServer.make)

/**
 * Discovery on this machine, for tests and trials: plain `http` is accepted for
 * loopback addresses, and for no others.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDiscoveryLoopback = (options: DiscoveryOptions): OAuthClient.Provider<OAuthHttpClient> =>
  discovered(options, ServerMetadata.makeLoopback, layerLoopback, AuthorizationServer.makeLoopback)

/**
 * A server as it describes itself under its issuer, at which the client
 * registers itself when the layer is built, unless the store knows it.
 *
 * **When to use**
 *
 * Use it with servers that nobody has registered the application with: those
 * that a person names. Keep the store as safely as the grants, whose keys name
 * the client.
 *
 * @see {@link layerDiscovery}
 * @category layers
 * @since 0.1.0
 */
export const layerRegistered = (options: RegistrationOptions): Registering => registering(options, ServerMetadata.make)

/**
 * Discovery and registration on this machine, for tests and trials: plain `http`
 * is accepted for loopback addresses, and for no others.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRegisteredLoopback = (options: RegistrationOptions): Registering =>
  registering(options, ServerMetadata.makeLoopback)

const registering = (
  { registration, ...options }: RegistrationOptions,
  make: typeof ServerMetadata.make
): Registering =>
  Layer.provideMerge(
    RegisteredClient.layerProvider(registration),
    Layer.unwrap(Effect.map(selfDescribed(options, make), ({ server }) =>
      AuthorizationServer.layer(
        (make === ServerMetadata.make ? AuthorizationServer.make : AuthorizationServer.makeLoopback)(server)
      )))
  )

const described = (
  options: DescriptionOptions,
  layer: (options: Options) => OAuthClient.Provider
): OAuthClient.Provider => {
  const { clientAssertion, clientAuthentication, clientId, clientSecret, description, signer, ...supplied } = options
  return Layer.unwrap(Effect.gen(function*() {
    const decoded = yield* Effect.fromResult(Description.decode(description))
    const server = yield* Effect.fromResult(Description.toOptions(decoded, supplied))
    return layer({
      ...server,
      clientId,
      clientSecret,
      signer,
      clientAssertion: clientAssertion ?? server.clientAssertion,
      clientAuthentication: clientAuthentication ?? server.clientAuthentication
    })
  }))
}

const discovered = (
  options: DiscoveryOptions,
  make: typeof ServerMetadata.make,
  layer: (options: Options) => OAuthClient.Provider,
  describe: (options: AuthorizationServer.Options) => AuthorizationServer.Made
): OAuthClient.Provider<OAuthHttpClient> =>
  Layer.unwrap(Effect.gen(function*() {
    const { clientAssertion, clientAuthentication, clientId, clientSecret, signer, ...others } = options
    const { metadata, server } = yield* selfDescribed(others, make)
    if (typeof clientAuthentication === "function") {
      return Layer.merge(
        AuthorizationServer.layer(describe(server)),
        ClientAuthentication.layer(clientAuthentication(metadata))
      )
    }
    const own = { clientId, clientSecret, signer, clientAssertion, clientAuthentication }
    return layer({
      ...server,
      ...(clientAuthentication === undefined ? yield* Effect.fromResult(listed(metadata, own)) : own),
      clientId
    })
  }))

// what a server says of itself, and over that what the application says
const selfDescribed = (
  { discoveredAt, ...options }:
    & Partial<AuthorizationServer.Options>
    & Pick<DiscoveryOptions, "discoveredAt" | "issuer">,
  make: typeof ServerMetadata.make
): Effect.Effect<
  { readonly metadata: ServerMetadata.Metadata; readonly server: AuthorizationServer.Options },
  OAuthError.OAuthError,
  OAuthHttpClient
> =>
  Effect.gen(function*() {
    const shared = yield* Effect.serviceOption(ServerMetadata.ServerMetadata)
    const reader = Option.isSome(shared) ? shared.value : yield* make()
    yield* Effect.fromResult(placed(options, discoveredAt))
    const metadata = yield* reader.get(options.issuer, { at: discoveredAt })
    const found = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))
    const { pkce, pushed } = options.dialect?.authorization ?? {}
    if (pushed === "never" && metadata.requirePushedAuthorizationRequests) {
      return yield* Effect.fromResult(
        invalid("dialect.authorization.pushed", "is never, though the server takes pushed requests only; remove it")
      )
    }
    if (pkce === undefined && metadata.codeChallengeMethodsSupported?.includes("S256") === false) {
      return yield* Effect.fromResult(
        invalid("dialect.authorization.pkce", "is not named, and the server does not list S256; name the method to use")
      )
    }
    return {
      metadata,
      server: {
        provider: nameOf(options.issuer),
        ...found,
        ...defined(options),
        dialect: {
          ...options.dialect,
          authorization: { ...found.dialect?.authorization, ...defined(options.dialect?.authorization ?? {}) }
        }
      }
    }
  })

// an issuer with places is described elsewhere, and no other is
const placed = (
  { issuer, issuerClaims }: Pick<AuthorizationServer.Options, "issuerClaims"> & { readonly issuer: string },
  discoveredAt: string | undefined
): Result.Result<void, OAuthError.OAuthError> => {
  const places = [...issuer.matchAll(/\{([^{}]*)\}/g)].map(([, place = ""]) => place)
  const open = places.find((place) => !Object.hasOwn(issuerClaims ?? {}, place))
  if (open !== undefined) return invalid("issuer", `has a place for ${open}, which issuerClaims does not fill`)
  if (places.length > 0 && discoveredAt === undefined) {
    return invalid("discoveredAt", "is missing; an issuer with places is no address, so name the issuer to read at")
  }
  return places.length === 0 && discoveredAt !== undefined
    ? invalid("discoveredAt", "is named, though the issuer has no places; remove it")
    : Result.void
}

// What the client has and the server lists: a key before a secret, and secrets in the order of RFC 6749, section 2.3.1.
// What is not used is left out.
const listed = (
  metadata: ServerMetadata.Metadata,
  { clientAssertion, clientSecret, signer }: Omit<ClientOptions, "clientId">
): Result.Result<Omit<ClientOptions, "clientId">, OAuthError.OAuthError> => {
  const { tokenEndpointAuthMethods: methods } = ServerMetadata.supported(metadata)
  if (signer !== undefined && methods.includes("private_key_jwt")) {
    return Result.succeed({ signer, clientAssertion, clientAuthentication: "privateKeyJwt" })
  }
  if (clientSecret === undefined) {
    return signer === undefined
      ? Result.succeed({ clientAuthentication: "none" })
      : invalid("signer", "is of no use here: the server does not list private_key_jwt")
  }
  if (methods.includes("client_secret_basic")) return Result.succeed({ clientSecret, clientAuthentication: "basic" })
  if (methods.includes("client_secret_post")) return Result.succeed({ clientSecret, clientAuthentication: "post" })
  return invalid(
    "clientAuthentication",
    "is not named, and the server lists neither client_secret_basic nor client_secret_post; name one"
  )
}

const nameOf = (issuer: string): string => new URL(issuer).host.match(/[a-z0-9]+/g)?.join("-") ?? ""

const defined = <A extends object>(options: A): A =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as A

const provider = (
  options: Options,
  make: (options: AuthorizationServer.Options) => AuthorizationServer.Made
): OAuthClient.Provider => {
  const { clientAssertion, clientAuthentication, clientId, clientSecret, signer, ...server } = options
  const client = { clientAssertion, clientAuthentication, clientId, clientSecret, signer, issuer: server.issuer }
  return Layer.merge(
    AuthorizationServer.layer(Result.flatMap(make(server), (made) => proven(made, client))),
    layerClientAuthentication(client)
  )
}

// a code that nothing is needed for belongs to whoever intercepts it
const proven = (server: AuthorizationServer.AuthorizationServer["Service"], client: ClientOptions) =>
  server.dialect.authorization.pkce === "none" && Client.methods(client).token === "none" &&
    server.authorizationEndpoint !== undefined
    ? invalid("dialect.authorization.pkce", "is none, though the client has no secret; use S256, or a client secret")
    : Result.succeed(server)

const invalid = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make("GenericRfc6749", "layer", new OAuthError.ConfigurationInvalid({ field, problem })))
