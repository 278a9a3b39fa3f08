/**
 * How a client authenticates to an authorization server (RFC 6749, section 2.3).
 *
 * It is long because each way to authenticate has a constructor, and each
 * usual one a layer.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as OAuthError from "./OAuthError.ts"
import type { Parameters } from "./TokenRequest.ts"
import type { Judgement } from "./TokenResponse.ts"

/**
 * The endpoints at which a client authenticates.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint =
  | "token"
  | "revocation"
  | "introspection"
  | "device-authorization"
  | "pushed-authorization-request"
  | "backchannel-authentication"

/**
 * What a request carries so that the client is recognised.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credentials {
  /** The method by its registered name (RFC 7591, section 2); `"none"` proves nothing. */
  readonly method: string
  readonly headers: Readonly<Record<string, Redacted.Redacted>>
  readonly parameters: Parameters
  /**
   * Names what the proof is made with, where it is made anew for every request:
   * another name is another secret, worth trying where the last was refused.
   */
  readonly basis?: Redacted.Redacted | undefined
  /**
   * The certificate that the connection shows, where tokens are bound to it (RFC 8705, section 3): its name
   * (`ClientCertificate.name`), and what it makes of tokens. `MutualTls` gives both.
   */
  readonly certificate?: {
    readonly name: string
    readonly binds: (judgement: Judgement) => Judgement
  } | undefined
}

/**
 * What a constructor of this module gives: a way to authenticate, or what is
 * wrong with the options.
 *
 * @category models
 * @since 0.1.0
 */
export type Made = Result.Result<ClientAuthentication["Service"], OAuthError.OAuthError>

/**
 * What a client states when its key signs for it (RFC 7523, section 3).
 *
 * @category models
 * @since 0.1.0
 */
export interface Statement {
  readonly issuer: string
  readonly subject: string
  readonly audience: string
  /** The one that the server knows, where it knows one only. */
  readonly algorithm?: string | undefined
  readonly lifetime: Duration.Duration
}

/**
 * Signs a statement, for one request: gives the JWT, and what names the key as
 * {@link Credentials.basis} does.
 *
 * @category models
 * @since 0.1.0
 */
export type Signer = (
  statement: Statement
) => Effect.Effect<{ readonly value: Redacted.Redacted; readonly basis: Redacted.Redacted }, OAuthError.OAuthError>

/**
 * A client without credentials.
 *
 * @category options
 * @since 0.1.0
 */
export interface PublicOptions {
  readonly clientId: string
}

/**
 * A client with a secret. An effect is run for every request: read a file, a
 * vault or a variable there, and a rotated secret needs no restart.
 *
 * @category options
 * @since 0.1.0
 */
export interface SecretOptions {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>
}

/**
 * A client that shows a token. An effect is run for every request.
 *
 * @category options
 * @since 0.1.0
 */
export interface BearerOptions {
  readonly clientId: string
  readonly token: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>
}

/**
 * Client authentication: the client's identifier, and its credentials as an
 * effect that is run for every request, so that a rotated secret is used
 * without a restart.
 *
 * @category services
 * @since 0.1.0
 */
export class ClientAuthentication extends Context.Service<ClientAuthentication, {
  readonly clientId: string
  readonly credentials: (endpoint: Endpoint) => Effect.Effect<Credentials, OAuthError.OAuthError>
  /** Whether the certificate of a name is the one that connections show; absent where they show none. */
  readonly holds?: ((certificate: string) => boolean) | undefined
}>()("@effect-oauth/core/ClientAuthentication") {}

/**
 * A public client: names itself in the body and proves nothing (RFC 6749,
 * section 3.2.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const none = (options: PublicOptions): Made =>
  named(options.clientId, () =>
    Result.succeed({
      clientId: options.clientId,
      credentials: () => Effect.succeed({ method: "none", headers: {}, parameters: [["client_id", options.clientId]] })
    }))

/**
 * HTTP Basic, identifier and secret form-encoded before they are joined, as RFC
 * 6749, section 2.3.1, wants it.
 *
 * @see {@link basicRaw} for servers that do not decode
 * @category constructors
 * @since 0.1.0
 */
export const basic = (options: SecretOptions): Made =>
  withSecret(options, (secret) => basicCredentials(formEncode(options.clientId), formEncode(secret)))

/**
 * HTTP Basic, identifier and secret as they are, for servers that do not decode
 * them. The two differ only where either holds something other than letters,
 * digits, `-`, `.` and `_`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const basicRaw = (options: SecretOptions): Made =>
  options.clientId.includes(":")
    ? invalid("clientId", "contains a colon, which raw Basic authentication cannot carry; use `basic` or `post`")
    : withSecret(options, (secret) => basicCredentials(options.clientId, secret))

/**
 * HTTP Basic with the secret for a user name and an empty password, for servers
 * whose API keys are presented so.
 *
 * @category constructors
 * @since 0.1.0
 */
export const secretAsUser = (options: SecretOptions): Made =>
  withSecret(options, (secret) => basicCredentials(secret, ""))

/**
 * Identifier and secret as parameters of the body.
 *
 * @category constructors
 * @since 0.1.0
 */
export const post = (options: SecretOptions): Made =>
  withSecret(options, (secret) => ({
    method: "client_secret_post",
    headers: {},
    parameters: [["client_id", options.clientId], ["client_secret", Redacted.make(secret)]]
  }))

/**
 * A bearer token of the caller's own, at endpoints that take one: introspection
 * (RFC 7662, section 2.1). Name it for that endpoint with {@link perEndpoint}.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bearer = (options: BearerOptions): Made =>
  named(options.clientId, () =>
    Result.succeed({
      clientId: options.clientId,
      credentials: () =>
        Effect.flatMap(
          Effect.isEffect(options.token) ? options.token : Effect.succeed(options.token),
          (token) =>
            Effect.map(Effect.fromResult(checked("token", unwrap(token))), (text) => ({
              method: "bearer",
              headers: { authorization: Redacted.make(`Bearer ${text}`) },
              parameters: []
            }))
        )
    }))

/**
 * A method of the application's own. The function is called for every request.
 *
 * **Gotchas**
 *
 * It fails with `ConfigurationInvalid` or `KeyUnavailable`; of any other failure,
 * and of what it throws, nothing is handed on, since it may quote a secret.
 *
 * @see {@link Credentials.basis} for proofs that are made anew
 * @category constructors
 * @since 0.1.0
 */
export const custom = (options: ClientAuthentication["Service"]): Made =>
  named(options.clientId, () => Result.succeed(options))

/**
 * Another method for each endpoint. Where none is named, that of the token
 * endpoint is used.
 *
 * @category combinators
 * @since 0.1.0
 */
export const perEndpoint = (
  methods: { readonly token: Made } & { readonly [E in Endpoint]?: Made | undefined }
): Made =>
  Result.gen(function*() {
    const token = yield* methods.token
    const byEndpoint: { readonly [E in Endpoint]: ClientAuthentication["Service"] } = {
      token,
      revocation: yield* methods.revocation ?? methods.token,
      introspection: yield* methods.introspection ?? methods.token,
      "device-authorization": yield* methods["device-authorization"] ?? methods.token,
      "pushed-authorization-request": yield* methods["pushed-authorization-request"] ?? methods.token,
      "backchannel-authentication": yield* methods["backchannel-authentication"] ?? methods.token
    }
    if (Object.values(byEndpoint).some((method) => method.clientId !== token.clientId)) {
      return yield* invalid("clientId", "differs between endpoints; use one client for all of them")
    }
    return {
      clientId: token.clientId,
      holds: token.holds,
      credentials: (endpoint: Endpoint) => byEndpoint[endpoint].credentials(endpoint)
    }
  })

/**
 * Provides what a constructor made; wrong options fail here, before anything is
 * sent.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (made: Made): Layer.Layer<ClientAuthentication, OAuthError.OAuthError> =>
  Layer.effect(ClientAuthentication, Effect.fromResult(made))

/**
 * A public client.
 *
 * @see {@link none}
 * @category layers
 * @since 0.1.0
 */
export const layerNone = (options: PublicOptions): Layer.Layer<ClientAuthentication, OAuthError.OAuthError> =>
  layer(none(options))

/**
 * HTTP Basic.
 *
 * @see {@link basic}
 * @category layers
 * @since 0.1.0
 */
export const layerBasic = (options: SecretOptions): Layer.Layer<ClientAuthentication, OAuthError.OAuthError> =>
  layer(basic(options))

/**
 * HTTP Basic for servers that do not decode.
 *
 * @see {@link basicRaw}
 * @category layers
 * @since 0.1.0
 */
export const layerBasicRaw = (options: SecretOptions): Layer.Layer<ClientAuthentication, OAuthError.OAuthError> =>
  layer(basicRaw(options))

/**
 * Identifier and secret in the body.
 *
 * @see {@link post}
 * @category layers
 * @since 0.1.0
 */
export const layerPost = (options: SecretOptions): Layer.Layer<ClientAuthentication, OAuthError.OAuthError> =>
  layer(post(options))

const withSecret = (options: SecretOptions, credentials: (secret: string) => Credentials): Made => {
  const { clientId, clientSecret } = options
  const use = (secret: Redacted.Redacted) => Result.map(checked("clientSecret", unwrap(secret)), credentials)
  const service = (read: Effect.Effect<Credentials, OAuthError.OAuthError>): Made =>
    Result.succeed({ clientId, credentials: () => read })
  return named(clientId, () =>
    Effect.isEffect(clientSecret)
      ? service(Effect.flatMap(clientSecret, (secret) => Effect.fromResult(use(secret))))
      : Result.flatMap(use(clientSecret), () => service(Effect.suspend(() => Effect.fromResult(use(clientSecret))))))
}

const named = (clientId: string, made: () => Made): Made => Result.flatMap(checked("clientId", clientId), made)

const checked = (field: string, text: unknown): Result.Result<string, OAuthError.OAuthError> => {
  if (typeof text !== "string") return invalid(field, "is missing, or is not what its type says (secrets are Redacted)")
  if (text === "") return invalid(field, "is empty")
  // a file that ends with a line break is how this usually comes about
  if (controlCharacter.test(text)) return invalid(field, "contains a line break or another control character")
  return Result.succeed(text)
}

// eslint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f]/

const invalid = (field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(
    OAuthError.make("ClientAuthentication", "make", new OAuthError.ConfigurationInvalid({ field, problem }))
  )

// a configuration that was read without a check may hold no secret where the type promises one
const unwrap = (secret: unknown): unknown => Redacted.isRedacted(secret) ? Redacted.value(secret) : undefined

const basicCredentials = (user: string, password: string): Credentials => ({
  method: "client_secret_basic",
  headers: { authorization: Redacted.make(`Basic ${Base64.encode(`${user}:${password}`)}`) },
  parameters: []
})

// `encodeURIComponent` is another encoding: it differs for the space and for ! ' ( ) ~ (RFC 6749, appendix B)
const formEncode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1)
