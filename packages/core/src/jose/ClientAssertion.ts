/**
 * Client authentication by a signed statement: `private_key_jwt` and
 * `client_secret_jwt` (RFC 7521, section 4.2; RFC 7523, sections 2.2 and 3, with
 * the audience as its revision has it; OpenID Connect Core, section 9).
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "../AuthorizationServer.ts"
import * as ClientAuthentication from "../ClientAuthentication.ts"
import type { Registered } from "../ClientRegistration.ts"
import * as OAuthError from "../OAuthError.ts"
import * as RegisteredClient from "../RegisteredClient.ts"
import * as ServerMetadata from "../ServerMetadata.ts"
import * as Sign from "./internal/sign.ts"
import type * as SigningKey from "./SigningKey.ts"

/**
 * What both methods have.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly clientId: string
  /** The server's issuer identifier: the one audience of every statement, at every endpoint. */
  readonly issuer: string
  /**
   * Another audience, the token endpoint's address, for servers that know none
   * but that. Whoever receives such a statement may be able to present it
   * elsewhere.
   */
  readonly legacyAudience?: string | undefined
  /** How long a statement counts; a minute, and ten at most. */
  readonly lifetime?: Duration.Input | undefined
  /** How far the server's clock may be behind; not at all, and five minutes at most. */
  readonly skew?: Duration.Input | undefined
  /** The `typ` of the statement: `client-authentication+jwt`, or what older servers know. */
  readonly type?: "client-authentication+jwt" | "JWT" | "omitted" | undefined
  /** What the server verifies, as its metadata lists it. */
  readonly algorithms?: ReadonlyArray<string> | undefined
}

/**
 * A client with a private key.
 *
 * @category options
 * @since 0.1.0
 */
export interface PrivateKeyOptions extends Options {
  readonly key: SigningKey.Source
}

/**
 * A client with a secret that it does not send.
 *
 * @category options
 * @since 0.1.0
 */
export interface SecretOptions extends Options {
  readonly clientSecret: Redacted.Redacted | Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>
  /** `HS256` unless said otherwise. */
  readonly algorithm?: "HS256" | "HS384" | "HS512" | undefined
}

/**
 * A client that proves itself by its private key. Every request has a statement
 * of its own, and the key is read for it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const privateKeyJwt = (options: PrivateKeyOptions): ClientAuthentication.Made => {
  const { algorithms, key } = options
  if (Effect.isEffect(key)) {
    const read = Effect.flatMap(key, (key) => Effect.fromResult(failing(Sign.ready(key, algorithms))))
    return made("private_key_jwt", options, Result.succeed(read))
  }
  return made("private_key_jwt", options, Result.map(Sign.ready(key, algorithms), Effect.succeed))
}

/**
 * A client that proves itself by a secret that both sides know and that does not
 * travel. For a public client there is no such method: it has no secret.
 *
 * @category constructors
 * @since 0.1.0
 */
export const clientSecretJwt = (options: SecretOptions): ClientAuthentication.Made => {
  const { algorithm = "HS256", algorithms, clientSecret } = options
  const use = (secret: Redacted.Redacted) => Sign.readySecret(secret, algorithm, algorithms)
  if (Effect.isEffect(clientSecret)) {
    const read = Effect.flatMap(clientSecret, (secret) => Effect.fromResult(failing(use(secret))))
    return made("client_secret_jwt", options, Result.succeed(read))
  }
  return made("client_secret_jwt", options, Result.map(use(clientSecret), Effect.succeed))
}

/**
 * What a client has, and which of it is best for a server by its metadata: a
 * private key where the server verifies its signatures, then the secret as RFC
 * 6749 prefers it, then the secret as a key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromMetadata = (
  metadata: ServerMetadata.Metadata,
  options: Omit<Options, "issuer" | "algorithms"> & {
    readonly key?: SigningKey.Source | undefined
    readonly clientSecret?: SecretOptions["clientSecret"] | undefined
  }
): ClientAuthentication.Made => {
  const { clientId, clientSecret, key, ...others } = options
  const methods = ServerMetadata.supported(metadata).tokenEndpointAuthMethods
  const listed = ServerMetadata.signingAlgorithms(metadata)
  const common = { ...others, clientId, issuer: metadata.issuer, algorithms: Result.getOrUndefined(listed) }
  if (key !== undefined && methods.includes("private_key_jwt")) {
    // the server must list them (RFC 8414, section 2); where it does not, the key's owner has to know
    const named = !Effect.isEffect(key) && key.algorithm !== undefined
    return Result.isSuccess(listed) || named ? privateKeyJwt({ ...common, key }) : Result.fail(listed.failure)
  }
  if (clientSecret === undefined) {
    return key === undefined ? ClientAuthentication.none({ clientId }) : unsupported("key", "private_key_jwt")
  }
  if (methods.includes("client_secret_basic")) return ClientAuthentication.basic({ clientId, clientSecret })
  if (methods.includes("client_secret_post")) return ClientAuthentication.post({ clientId, clientSecret })
  return methods.includes("client_secret_jwt")
    ? clientSecretJwt({ ...common, clientSecret })
    : unsupported("clientSecret", "a method that takes a secret")
}

/**
 * How a client that was registered authenticates, by whatever method it is
 * registered with: what `RegisteredClient.layerClientAuthentication` takes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromRegistration = (
  options: Omit<Options, "clientId" | "algorithms"> & { readonly key?: SigningKey.Source | undefined }
) =>
(client: Registered): ClientAuthentication.Made => {
  const { key, ...others } = options
  const { clientId, clientSecret, metadata } = client
  const algorithm = metadata.tokenEndpointAuthSigningAlg
  const common = { ...others, clientId, ...(algorithm === undefined ? {} : { algorithms: [algorithm] }) }
  switch (metadata.tokenEndpointAuthMethod) {
    case "private_key_jwt":
      return key === undefined
        ? failing(Sign.invalid("key", "is missing; the client is registered to authenticate by private_key_jwt"))
        : privateKeyJwt({ ...common, key })
    case "client_secret_jwt":
      return clientSecret === undefined
        ? failing(
          Sign.invalid("clientSecret", "is missing; the client is registered to authenticate by client_secret_jwt")
        )
        : clientSecretJwt({ ...common, clientSecret })
    default:
      return RegisteredClient.authentication(client)
  }
}

/**
 * A key as a hook for providers that are data: it signs the statements that they
 * describe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const signer = (key: SigningKey.Source): ClientAuthentication.Signer => (statement) =>
  Effect.gen(function*() {
    const { algorithm, ...rest } = statement
    const source = Effect.isEffect(key) ? yield* key : key
    const ready = yield* Effect.fromResult(
      failing(Sign.ready(source, algorithm === undefined ? undefined : [algorithm]))
    )
    const value = yield* Effect.mapError(
      Sign.state(ready, { ...rest, typ: undefined, skew: Duration.zero }),
      (reason) => OAuthError.make("ClientAssertion", "signer", reason)
    )
    return { value, basis: ready.basis }
  })

/**
 * A private key, for the authorization server in context.
 *
 * @see {@link privateKeyJwt}
 * @category layers
 * @since 0.1.0
 */
export const layerPrivateKeyJwt = (
  options: Omit<PrivateKeyOptions, "issuer">
): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError, AuthorizationServer> =>
  ofServer((issuer) => privateKeyJwt({ ...options, issuer }))

/**
 * A secret that does not travel, for the authorization server in context.
 *
 * @see {@link clientSecretJwt}
 * @category layers
 * @since 0.1.0
 */
export const layerClientSecretJwt = (
  options: Omit<SecretOptions, "issuer">
): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError, AuthorizationServer> =>
  ofServer((issuer) => clientSecretJwt({ ...options, issuer }))

const ofServer = (make: (issuer: string) => ClientAuthentication.Made) =>
  Layer.unwrap(Effect.map(AuthorizationServer, ({ issuer }) =>
    ClientAuthentication.layer(
      issuer === undefined
        ? failing(Sign.invalid("issuer", "is missing; a statement needs to say to whom it is made"))
        : make(issuer)
    )))

const made = (
  method: string,
  options: Options,
  key: Result.Result<Effect.Effect<Sign.Ready, OAuthError.OAuthError>, OAuthError.ConfigurationInvalid>
): ClientAuthentication.Made =>
  Result.gen(function*() {
    const { clientId, issuer, legacyAudience, type = "client-authentication+jwt" } = options
    const lifetime = Duration.fromInputUnsafe(options.lifetime ?? "1 minute")
    const skew = Duration.fromInputUnsafe(options.skew ?? 0)
    if (issuer === "") return yield* failing(Sign.invalid("issuer", "is empty"))
    if (!between(lifetime, Duration.seconds(1), Duration.minutes(10))) {
      return yield* failing(Sign.invalid("lifetime", "must be between a second and ten minutes"))
    }
    if (!between(skew, Duration.zero, Duration.minutes(5))) {
      return yield* failing(Sign.invalid("skew", "must be between nothing and five minutes"))
    }
    const ready = yield* failing(key)
    const statement: Sign.Statement = {
      issuer: clientId,
      subject: clientId,
      audience: legacyAudience ?? issuer,
      typ: type === "omitted" ? undefined : type,
      lifetime,
      skew
    }
    const credentials = Effect.flatMap(ready, (key) =>
      Effect.mapBoth(Sign.state(key, statement), {
        onFailure: (reason) => OAuthError.make("ClientAssertion", "credentials", reason),
        onSuccess: (assertion): ClientAuthentication.Credentials => ({
          method,
          headers: {},
          parameters: [
            ["client_id", clientId],
            ["client_assertion_type", assertionType],
            ["client_assertion", assertion]
          ],
          basis: key.basis
        })
      }))
    return yield* ClientAuthentication.custom({ clientId, credentials: () => credentials })
  })

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

const between = (duration: Duration.Duration, least: Duration.Duration, most: Duration.Duration): boolean =>
  Duration.isGreaterThanOrEqualTo(duration, least) && Duration.isLessThanOrEqualTo(duration, most)

const failing = <A>(
  result: Result.Result<A, OAuthError.OAuthErrorReason>
): Result.Result<A, OAuthError.OAuthError> =>
  Result.mapError(result, (reason) => OAuthError.make("ClientAssertion", "make", reason))

const unsupported = (field: string, method: string) =>
  failing(Sign.invalid(field, `is of no use here: the server does not list ${method}`))
