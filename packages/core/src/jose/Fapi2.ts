/**
 * The FAPI 2.0 Security Profile, final, for clients (sections 5.3.3 and 5.4):
 * ready-made, and refusing what it forbids. What is refused names the clause.
 *
 * It is long because each clause of the profile stands beside what keeps it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationServer from "../AuthorizationServer.ts"
import * as ClientAuthentication from "../ClientAuthentication.ts"
import type { ClientCertificate } from "../ClientCertificate.ts"
import { Dpop } from "../Dpop.ts"
import { member, parseObject } from "../internal/json.ts"
import * as MutualTls from "../MutualTls.ts"
import * as OAuthError from "../OAuthError.ts"
import type { OAuthHttpClient } from "../OAuthHttpClient.ts"
import * as ServerMetadata from "../ServerMetadata.ts"
import * as ClientAssertion from "./ClientAssertion.ts"
import * as Strength from "./internal/strength.ts"
import type * as SigningKey from "./SigningKey.ts"

/**
 * A signature algorithm of the profile (5.4.1).
 *
 * @category models
 * @since 0.1.0
 */
export type Algorithm = Strength.Name

/**
 * A key that signs by an algorithm of the profile.
 *
 * @category models
 * @since 0.1.0
 */
export type Key =
  | (Omit<SigningKey.JwkKey, "algorithm"> & { readonly algorithm?: Algorithm | undefined })
  | (Omit<SigningKey.WebCryptoKey, "algorithm"> & { readonly algorithm: Algorithm })
  | (Omit<SigningKey.RemoteKey, "algorithm"> & { readonly algorithm: Algorithm })

/**
 * The signature algorithms of the profile, in the order of preference (5.4.1).
 *
 * @category models
 * @since 0.1.0
 */
export const algorithms: ReadonlyArray<Algorithm> = Strength.algorithms

/**
 * What every client has. There are no addresses among it: they come from the
 * server's metadata, and from nowhere else (5.3.3.1, 9).
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Pick<AuthorizationServer.Options, "apiOrigins" | "idleLifetime" | "rotation"> {
  /** From a source that is to be trusted, by a way that is (5.3.3.1, 10). */
  readonly issuer: string
  readonly clientId: string
  /** The issuer's host, written with hyphens, unless named. */
  readonly provider?: string | undefined
}

/**
 * A client with a private key: `PS256`, `ES256` or `EdDSA`, of 2048 bits at least
 * where it is RSA. It proves itself by statements for the issuer alone.
 *
 * @category options
 * @since 0.1.0
 */
export interface KeyOptions extends Options {
  /** Or an effect that is run for every signature: a rotated key is used without a restart. */
  readonly key: Key | Effect.Effect<Key, OAuthError.OAuthError>
}

/**
 * A client that is known by its certificate.
 *
 * @category options
 * @since 0.1.0
 */
export interface CertificateOptions extends Options {
  readonly method: MutualTls.Method
  readonly key?: undefined
}

/**
 * A client with a private key whose tokens are bound to the DPoP key in context.
 *
 * **Details**
 *
 * The metadata is read when the layer is built. Fails with `ConfigurationInvalid`
 * where the key or the `Dpop` is not as the profile has it, and with
 * `MetadataInvalid` where the server does not offer what it demands: pushed
 * requests, `S256`, this way to authenticate.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: KeyOptions): Layer.Layer<
  AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication,
  OAuthError.OAuthError,
  Dpop | OAuthHttpClient
> => withKey(options, https)

/**
 * The same on this machine, for tests and trials: plain `http` is accepted for
 * loopback addresses.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerLoopback: typeof layer = (options) => withKey(options, loopback)

/**
 * A client with a certificate, to which its tokens are bound, or to the DPoP key
 * where one is in context. It authenticates by the certificate, or by a private
 * key.
 *
 * **Details**
 *
 * It goes to the server's addresses for certificates. The HTTP client in context
 * reads the metadata; those that this layer provides show the certificate.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMutualTls = (options: CertificateOptions | KeyOptions): Layer.Layer<
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication.ClientAuthentication
  | HttpClient.HttpClient
  | OAuthHttpClient,
  OAuthError.OAuthError,
  ClientCertificate | OAuthHttpClient
> =>
  Layer.unwrap(Effect.gen(function*() {
    const method = options.key === undefined ? options.method : "private_key_jwt"
    const { metadata, server } = yield* discovered(options, method, https)
    const isBound = member(metadata.members, "tls_client_certificate_bound_access_tokens") === true
    if (!isBound && Option.isNone(yield* Effect.serviceOption(Dpop))) {
      return yield* lacking(metadata, "tls_client_certificate_bound_access_tokens")
    }
    const client = options.key === undefined
      ? MutualTls.layer({ clientId: options.clientId, method: options.method })
      : Layer.provide(MutualTls.layerBound, ClientAuthentication.layer(byKey(options, metadata)))
    return layerOver.pipe(
      Layer.provideMerge(client),
      Layer.provide(Layer.succeed(AuthorizationServer.AuthorizationServer, server))
    )
  }))

/**
 * Holds the provider in context to the profile: what it does otherwise fails
 * when the layer is built, or, what only shows in use, before it is sent.
 *
 * **When to use**
 *
 * Use it over a provider package whose addresses come from the server's
 * metadata.
 *
 * **Details**
 *
 * - The dialect pushes every request, proves codes by `S256`, and believes no
 *   answer without `iss`.
 * - The client authenticates by `private_key_jwt`, `tls_client_auth` or
 *   `self_signed_tls_client_auth`, for each request. A statement is for the issuer
 *   alone, and signed by an algorithm of the profile.
 * - Tokens are bound: to the key of a `Dpop` that takes no others, or to a
 *   certificate.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerOver: Layer.Layer<
  AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication,
  OAuthError.OAuthError,
  AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication
> = Layer.effectContext(Effect.suspend(() => enforced))

const enforced = Effect.gen(function*() {
  const server = yield* AuthorizationServer.AuthorizationServer
  const client = yield* ClientAuthentication.ClientAuthentication
  const dpop = Option.getOrUndefined(yield* Effect.serviceOption(Dpop))
  const { issuer } = server
  const { issuer: answers, pkce, pushed, responseType } = server.dialect.authorization
  if (issuer === undefined) return yield* forbidden("issuer", "is missing", "5.3.3.1, 11")
  if (responseType !== "code") return yield* forbidden("responseType", "is not code", "5.3.3.2, 1")
  if (pushed !== "required" || server.pushedAuthorizationRequestEndpoint === undefined) {
    return yield* forbidden("dialect.authorization.pushed", "is not required", "5.3.3.2, 2")
  }
  if (pkce !== "S256") return yield* forbidden("dialect.authorization.pkce", "is not S256", "5.3.3.2, 3")
  if (answers !== "required") {
    return yield* forbidden("dialect.authorization.issuer", "is not required", "5.3.3.2, 5")
  }
  if (dpop === undefined && client.holds === undefined) {
    return yield* forbidden("Dpop", "is missing, and no certificate binds tokens either", "5.3.3.1, 1")
  }
  if (dpop?.unbound === "accepted") {
    return yield* forbidden("Dpop", "accepts tokens that are not bound", "5.3.3.1, 1")
  }
  const known = (names: ReadonlyArray<string> = Strength.algorithms) =>
    Strength.algorithms.filter((name) => names.includes(name))
  const strict: AuthorizationServer.AuthorizationServer["Service"] = {
    ...server,
    idTokenAlgorithms: known(server.idTokenAlgorithms).length === 0
      ? Strength.algorithms
      : known(server.idTokenAlgorithms),
    dpopSigningAlgorithms: known(server.dpopSigningAlgorithms)
  }
  if (dpop !== undefined) {
    // made now, so that a key that the profile does not know is found before anybody logs in
    const url = server.tokenEndpoint
    yield* Effect.mapError(
      dpop.proof({ method: "POST", url, algorithms: strict.dpopSigningAlgorithms }),
      (error) =>
        error.reason._tag === "ConfigurationInvalid"
          ? prohibition(
            error.reason.field,
            "is for an algorithm of the server's or the profile's that the other does not have",
            "5.4.1"
          )
          : error
    )
  }
  return Context.mergeAll(
    Context.make(AuthorizationServer.AuthorizationServer, strict),
    Context.make(ClientAuthentication.ClientAuthentication, {
      ...client,
      credentials: (endpoint) =>
        Effect.flatMap(client.credentials(endpoint), (credentials) => {
          const problem = problemOf(credentials, issuer)
          return problem === undefined
            ? Effect.succeed(credentials)
            : forbidden("clientAuthentication", problem.text, problem.clause)
        })
    })
  )
})

const methods: ReadonlySet<string> = new Set([
  "private_key_jwt",
  "tls_client_auth",
  "self_signed_tls_client_auth"
])

const problemOf = (
  { method, parameters }: ClientAuthentication.Credentials,
  issuer: string
): { readonly text: string; readonly clause: string } | undefined => {
  if (!methods.has(method)) return { text: `is ${method}; use private_key_jwt or a certificate`, clause: "5.3.3.1, 2" }
  if (method !== "private_key_jwt") return undefined
  const assertion = parameters.find(([name]) => name === "client_assertion")?.[1]
  const [header, payload] = (Redacted.isRedacted(assertion) ? Redacted.value(assertion) : assertion ?? "").split(".")
    .map(objectOf)
  if (!Strength.algorithms.some((name) => name === header?.["alg"])) {
    return { text: "signs by an algorithm that is not PS256, ES256 or EdDSA", clause: "5.4.1" }
  }
  return payload?.["aud"] === issuer
    ? undefined
    : { text: "makes statements for others than the issuer", clause: "5.3.3.1, 5" }
}

const objectOf = (part: string) => {
  const bytes = Result.getOrUndefined(Base64Url.decode(part))
  const object = bytes === undefined ? "not-json" : parseObject(bytes)
  return typeof object === "string" ? undefined : object
}

type Make = typeof https

const https = { read: ServerMetadata.make, describe: AuthorizationServer.make }

const loopback: Make = { read: ServerMetadata.makeLoopback, describe: AuthorizationServer.makeLoopback }

const withKey = (options: KeyOptions, make: Make) =>
  Layer.unwrap(Effect.gen(function*() {
    const { metadata, server } = yield* discovered(options, "private_key_jwt", make)
    return layerOver.pipe(
      Layer.provide(ClientAuthentication.layer(byKey(options, metadata))),
      Layer.provide(Layer.succeed(AuthorizationServer.AuthorizationServer, server)),
      // asked for by its type, so that forgetting it is found by the compiler
      Layer.provide(Layer.effect(Dpop, Dpop))
    )
  }))

const byKey = ({ clientId, key }: KeyOptions, metadata: ServerMetadata.Metadata): ClientAuthentication.Made => {
  const listed = metadata.tokenEndpointAuthSigningAlgValuesSupported
  const common = {
    clientId,
    issuer: metadata.issuer,
    algorithms: Strength.algorithms.filter((name) => listed?.includes(name) !== false)
  }
  const check = (key: Key): Result.Result<Key, OAuthError.OAuthError> =>
    Result.mapError(Strength.checked(key), (problem) => prohibition("key", problem, "5.4.1"))
  return Effect.isEffect(key)
    ? ClientAssertion.privateKeyJwt({
      ...common,
      key: Effect.flatMap(key, (key) => Effect.fromResult(check(key)))
    })
    : Result.flatMap(check(key), (key) => ClientAssertion.privateKeyJwt({ ...common, key }))
}

// what the server says of itself, where it offers what the profile demands
const discovered = Effect.fnUntraced(function*(
  options: Options,
  method: string,
  { describe, read }: Make
) {
  const { apiOrigins, idleLifetime, issuer, rotation } = options
  const shared = yield* Effect.serviceOption(ServerMetadata.ServerMetadata)
  const metadata = yield* (Option.isSome(shared) ? shared.value : yield* read()).get(issuer)
  if (metadata.pushedAuthorizationRequestEndpoint === undefined) {
    return yield* lacking(metadata, "pushed_authorization_request_endpoint")
  }
  if (metadata.codeChallengeMethodsSupported?.includes("S256") !== true) {
    return yield* lacking(metadata, "code_challenge_methods_supported")
  }
  if (!ServerMetadata.supported(metadata).tokenEndpointAuthMethods.includes(method)) {
    return yield* lacking(metadata, "token_endpoint_auth_methods_supported")
  }
  const verified = metadata.tokenEndpointAuthSigningAlgValuesSupported
  if (method === "private_key_jwt" && verified?.some((name) => Strength.isAlgorithm(name)) === false) {
    return yield* lacking(metadata, "token_endpoint_auth_signing_alg_values_supported")
  }
  const found = yield* Effect.fromResult(ServerMetadata.toOptions(metadata))
  const server = yield* Effect.fromResult(describe({
    ...found,
    provider: options.provider ?? (new URL(issuer).host.match(/[a-z0-9]+/g) ?? []).join("-"),
    apiOrigins,
    idleLifetime,
    rotation,
    dialect: { authorization: { issuer: "required", pushed: "required", pkce: "S256" } }
  }))
  return { metadata, server }
})

const lacking = ({ issuer }: ServerMetadata.Metadata, field: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(
    OAuthError.make("Fapi2", "layer", new OAuthError.MetadataInvalid({ issuer, problem: "missing", field }))
  )

const prohibition = (field: string, problem: string, clause: string): OAuthError.OAuthError =>
  OAuthError.make(
    "Fapi2",
    "layer",
    new OAuthError.ConfigurationInvalid({ field, problem: `${problem} (FAPI 2.0 Security Profile, ${clause})` })
  )

const forbidden = (field: string, problem: string, clause: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(prohibition(field, problem, clause))
