/** An application that talks to a hostile server: every layer of core, over sockets. */
import {
  AuthorizationServer,
  ClientAuthentication,
  DeviceAuthorization,
  Introspection,
  Login,
  OAuthError,
  OAuthHttpClient,
  PendingAuthorizations,
  PushedAuthorization,
  RefreshPolicy,
  Revocation,
  TokenEndpoint,
  TokenRequest,
  TokenService,
  type TokenSet,
  TokenStore
} from "@effect-oauth/core"
import { NodeHttpClient } from "@effect/platform-node"
import { Cause, Effect, Exit, Layer, Option, Redacted } from "effect"

/** The HTTP clients that an application may have. */
export const clients: Readonly<Record<string, Layer.Layer<OAuthHttpClient.OAuthHttpClient>>> = {
  fetch: OAuthHttpClient.layerFetch,
  undici: OAuthHttpClient.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))
}

/** How the application is made. */
export interface Options {
  readonly server?: Partial<AuthorizationServer.Options> | undefined
  /** In place of a description in which everything is at one origin. */
  readonly description?: AuthorizationServer.AuthorizationServer["Service"] | undefined
  readonly store?: Layer.Layer<TokenStore.TokenStore> | undefined
  readonly http?: Layer.Layer<OAuthHttpClient.OAuthHttpClient> | undefined
  readonly policy?: RefreshPolicy.Options | undefined
  readonly pendings?: Layer.Layer<PendingAuthorizations.PendingAuthorizations> | undefined
  readonly authentication?: Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError> | undefined
}

/** A description in which everything is at one origin. */
export const described = (origin: string, options?: Partial<AuthorizationServer.Options>): AuthorizationServer.Made =>
  AuthorizationServer.makeLoopback({
    provider: "hostile",
    issuer: origin,
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    revocationEndpoint: `${origin}/revoke`,
    introspectionEndpoint: `${origin}/introspect`,
    deviceAuthorizationEndpoint: `${origin}/device`,
    userinfoEndpoint: `${origin}/userinfo`,
    jwksUri: `${origin}/jwks`,
    apiOrigins: [origin],
    ...options
  })

/** The server as it is described. */
export const authorizationServer = (origin: string, options: Pick<Options, "description" | "server"> = {}) =>
  options.description === undefined
    ? AuthorizationServer.layer(described(origin, options.server))
    : Layer.succeed(AuthorizationServer.AuthorizationServer, options.description)

/** Every layer of an application whose server is at this origin. */
export const layer = (origin: string, options: Options = {}) =>
  Login.layer.pipe(
    Layer.provideMerge(TokenService.layer()),
    Layer.provideMerge(Layer.mergeAll(
      options.store ?? TokenStore.layerMemory,
      options.pendings ?? PendingAuthorizations.layerMemory(),
      PushedAuthorization.layer,
      Revocation.layer,
      Introspection.layer,
      DeviceAuthorization.layer.pipe(Layer.provideMerge(TokenEndpoint.layer))
    )),
    Layer.provideMerge(Layer.mergeAll(
      authorizationServer(origin, options),
      options.authentication ??
        ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("s3cret") }),
      options.http ?? OAuthHttpClient.layerFetch
    )),
    Layer.provide(RefreshPolicy.layer(options.policy ?? {}))
  )

/** What became of a call, in words: the reason, and what there is to tell it from others of its kind. */
export const told = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  if (!OAuthError.isOAuthError(error)) return `defect: ${Cause.pretty(exit.cause)}`
  return reasonOf(error)
}

/** The reason of an error, in words. */
export const reasonOf = ({ reason }: OAuthError.OAuthError): string => {
  const words: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(reason))
  const told = ["problem", "why", "code", "rule", "field", "error"].flatMap((name) =>
    typeof words[name] === "string" ? [words[name]] : []
  )
  return [reason._tag, ...told].join(" ")
}

/** An error with this reason. */
export const error = (reason: OAuthError.OAuthErrorReason): OAuthError.OAuthError =>
  OAuthError.make("Client", "call", reason)

/** Runs a call and tells what became of it. */
export const outcome = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.map(Effect.exit(effect), told)

/** One request with a refresh token, judged by the token endpoint alone. */
export const present = (
  request: TokenRequest.TokenRequest = TokenRequest.refreshToken({ refreshToken: Redacted.make("rt") }),
  options?: TokenEndpoint.ExchangeOptions
) => Effect.flatMap(TokenEndpoint.TokenEndpoint, ({ exchange }) => exchange(request, options))

/** A judgement in words. */
export const judged = (judgement: Effect.Success<ReturnType<typeof present>>): string =>
  judgement._tag === "Granted"
    ? "Granted"
    : `${judgement._tag}: ${reasonOf(error(judgement.reason))}`

/** A grant whose access token ends in a moment, as if a login had just given it. */
export const adopted = Effect.fnUntraced(function*(tokens: Partial<TokenSet.TokenSet> = {}) {
  const service = yield* TokenService.TokenService
  const key = service.key("ada")
  yield* service.adopt(key, {
    accessToken: Redacted.make("at-first"),
    refreshToken: Redacted.make("rt-first"),
    tokenType: "Bearer",
    receivedAt: Date.now(),
    ...tokens
  }, { scopes: ["read"] })
  return { service, key }
})

/** A client without a secret. */
export const publicClient = ClientAuthentication.layerNone({ clientId: "app" })

/** A login that was begun, and what to answer it with. */
export const begun = Effect.fnUntraced(function*(options?: Partial<Login.Options>) {
  const login = yield* Login.Login
  const { state, url } = yield* login.begin({ account: "ada", redirectUri, scopes: ["read"], ...options })
  return {
    url,
    state: Redacted.value(state),
    complete: (query: Readonly<Record<string, string>>, at: string = options?.redirectUri ?? redirectUri) =>
      login.complete(`${at}?${new URLSearchParams({ state: Redacted.value(state), ...query })}`),
    arrive: (address: string) => login.complete(address)
  }
})

/** Where answers to logins arrive. */
export const redirectUri = "https://app.example/callback"
