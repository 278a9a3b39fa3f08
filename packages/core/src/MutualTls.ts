/**
 * Mutual TLS (RFC 8705, sections 2 to 5): a client that proves who it is by the
 * certificate of its connection, tokens that are bound to that certificate, and
 * the addresses that servers have for it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import * as ClientAuthentication from "./ClientAuthentication.ts"
import { ClientCertificate } from "./ClientCertificate.ts"
import { bound as bindTokens } from "./internal/bound.ts"
import * as OAuthError from "./OAuthError.ts"
import * as OAuthHttpClient from "./OAuthHttpClient.ts"

/**
 * How a certificate proves who the client is: by its name in it, which an
 * authority vouches for (section 2.1), or by being the one that was registered
 * (section 2.2).
 *
 * @category models
 * @since 0.1.0
 */
export type Method = "tls_client_auth" | "self_signed_tls_client_auth"

/**
 * What the layers of this module provide: the server at its addresses for
 * certificates, how the client authenticates, and the HTTP clients that show the
 * certificate to this server and to the APIs that it names, and to nobody else.
 *
 * @category models
 * @since 0.1.0
 */
export type MutualTls =
  | AuthorizationServer
  | ClientAuthentication.ClientAuthentication
  | HttpClient.HttpClient
  | OAuthHttpClient.OAuthHttpClient

/**
 * What a client with a certificate has.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly clientId: string
  readonly method: Method
  /**
   * Whether the client is registered for `tls_client_certificate_bound_access_tokens`:
   * `"bound"`, unless its tokens are `"unbound"`.
   */
  readonly tokens?: "bound" | "unbound" | undefined
}

/**
 * The one name by which a certificate is registered for `tls_client_auth`
 * (section 2.1.2).
 *
 * @category options
 * @since 0.1.0
 */
export type Subject = {
  readonly [N in SubjectName]:
    & { readonly [K in N]: string }
    & { readonly [K in Exclude<SubjectName, N>]?: undefined }
}[SubjectName]

/**
 * The members of the metadata that a client with such a certificate registers
 * (RFC 7591). Of none or several names, or an empty one, fails with
 * `ConfigurationInvalid`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const registration = (subject: Subject): Result.Result<
  Readonly<Record<string, string | boolean>>,
  OAuthError.OAuthError
> => {
  const names = Object.entries(subject).filter(([, value]) => value !== undefined)
  return names.length === 1 && names.every(([name, value]) => subjects.has(name) && value !== "")
    ? Result.succeed({
      ...Object.fromEntries(names),
      token_endpoint_auth_method: "tls_client_auth",
      tls_client_certificate_bound_access_tokens: true
    })
    : invalid("registration", "subject", "must be one of the names of a certificate, and no more")
}

/**
 * A client that proves itself by its certificate: it names itself in the body,
 * and sends neither a secret nor a statement (section 2).
 *
 * @category constructors
 * @since 0.1.0
 */
export const clientAuthentication = (
  options: Options & { readonly certificate: ClientCertificate["Service"] }
): ClientAuthentication.Made => {
  const { certificate, clientId, method, tokens } = options
  return Result.flatMap(ClientAuthentication.none({ clientId }), (named) =>
    ClientAuthentication.custom({
      clientId,
      ...(tokens === "unbound" ? {} : { holds: certificate.holds }),
      credentials: (endpoint) =>
        Effect.flatMap(certificate.current, (name) =>
          Effect.map(named.credentials(endpoint), (credentials) => ({
            ...credentials,
            method,
            basis: Redacted.make(name),
            ...(tokens === "unbound" ? {} : { certificate: binding(name, method) })
          })))
    }))
}

/**
 * Binds the tokens of a client to its certificate, however it authenticates: a
 * public client too, whose refresh tokens are then good for this certificate
 * only (section 4).
 *
 * @category combinators
 * @since 0.1.0
 */
export const bound = (
  self: ClientAuthentication.ClientAuthentication["Service"],
  certificate: ClientCertificate["Service"]
): ClientAuthentication.ClientAuthentication["Service"] => ({
  clientId: self.clientId,
  holds: certificate.holds,
  credentials: (endpoint) =>
    Effect.flatMap(
      certificate.current,
      (name) =>
        Effect.map(self.credentials(endpoint), (credentials) => ({
          ...credentials,
          certificate: binding(name, credentials.method)
        }))
    )
})

/**
 * The server at the addresses that it has for clients with a certificate, where
 * it names such (section 5). Only those that a client calls itself are taken:
 * the browser goes where it went.
 *
 * @category combinators
 * @since 0.1.0
 */
export const aliased = (self: AuthorizationServer["Service"]): AuthorizationServer["Service"] => {
  const { mtlsEndpointAliases: aliases = {} } = self
  const found = direct.flatMap(([field, name]) =>
    Object.hasOwn(aliases, name) && (field === "tokenEndpoint" || self[field] !== undefined)
      ? [[field, aliases[name]] as const]
      : []
  )
  return { ...self, ...Object.fromEntries(found) }
}

/**
 * The origins that see the certificate: those of the server's endpoints and of
 * the APIs that are named.
 *
 * @category getters
 * @since 0.1.0
 */
export const origins = (self: AuthorizationServer["Service"]): ReadonlyArray<string> => {
  const endpoints = [...direct.map(([field]) => self[field]), self.refreshEndpoint].filter((url) => url !== undefined)
  return [...new Set([...endpoints.map((url) => new URL(url).origin), ...self.apiOrigins])]
}

/**
 * A client that proves itself by its certificate, at the authorization server in
 * context.
 *
 * **Details**
 *
 * When the certificate is replaced, access tokens that are bound to the last one
 * are renewed before they are used again. The grant goes on, since the client is
 * the same.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<MutualTls, OAuthError.OAuthError, AuthorizationServer | ClientCertificate> =>
  provided((certificate) => Effect.fromResult(clientAuthentication({ ...options, certificate })))

/**
 * Binds the tokens of the client in context to its certificate; it authenticates
 * as it did, or, a public client, not at all.
 *
 * **Gotchas**
 *
 * A public client's refresh token is good for the certificate that it was got
 * with. When that is replaced, its grants fail with `KeyUnavailable` and are
 * kept: put the certificate back, or let the person log in again.
 *
 * @see {@link bound}
 * @category layers
 * @since 0.1.0
 */
export const layerBound: Layer.Layer<
  MutualTls,
  never,
  AuthorizationServer | ClientAuthentication.ClientAuthentication | ClientCertificate
> = Layer.fresh(
  Layer.suspend(() =>
    provided((certificate) =>
      Effect.map(ClientAuthentication.ClientAuthentication, (client) => bound(client, certificate))
    )
  )
)

type SubjectName =
  | "tls_client_auth_subject_dn"
  | "tls_client_auth_san_dns"
  | "tls_client_auth_san_uri"
  | "tls_client_auth_san_ip"
  | "tls_client_auth_san_email"

const subjects: ReadonlySet<string> = new Set([
  "tls_client_auth_subject_dn",
  "tls_client_auth_san_dns",
  "tls_client_auth_san_uri",
  "tls_client_auth_san_ip",
  "tls_client_auth_san_email"
])

const direct = [
  ["tokenEndpoint", "token_endpoint"],
  ["revocationEndpoint", "revocation_endpoint"],
  ["introspectionEndpoint", "introspection_endpoint"],
  ["deviceAuthorizationEndpoint", "device_authorization_endpoint"],
  ["pushedAuthorizationRequestEndpoint", "pushed_authorization_request_endpoint"],
  ["backchannelAuthenticationEndpoint", "backchannel_authentication_endpoint"],
  ["userinfoEndpoint", "userinfo_endpoint"]
] as const

const provided = <E, R>(
  client: (
    certificate: ClientCertificate["Service"]
  ) => Effect.Effect<ClientAuthentication.ClientAuthentication["Service"], E, R>
): Layer.Layer<MutualTls, E, R | AuthorizationServer | ClientCertificate> =>
  Layer.effectContext(Effect.gen(function*() {
    const certificate = yield* ClientCertificate
    const server = aliased(yield* AuthorizationServer)
    const http = certificate.client(origins(server))
    return Context.mergeAll(
      Context.make(AuthorizationServer, server),
      Context.make(ClientAuthentication.ClientAuthentication, yield* client(certificate)),
      Context.make(HttpClient.HttpClient, http),
      Context.make(OAuthHttpClient.OAuthHttpClient, OAuthHttpClient.make(http))
    )
  }))

const invalid = (method: string, field: string, problem: string): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make("MutualTls", method, new OAuthError.ConfigurationInvalid({ field, problem })))

const binding = (name: string, method: string): ClientAuthentication.Credentials["certificate"] => ({
  name,
  binds: (judgement) => bindTokens(judgement, { method, thumbprint: name, type: "Bearer" })
})
