/**
 * The certificate that a client shows when it connects (RFC 8705): what it is
 * called, and an HTTP client whose connections show it. The platform supplies
 * it; chains and names are checked by its TLS library and by nothing here.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { certificatePrefix } from "./internal/binding.ts"
import * as OAuthError from "./OAuthError.ts"

/**
 * The certificate of this process, and what shows it.
 *
 * @see `UndiciClientCertificate` of `@effect-oauth/node`
 * @category services
 * @since 0.1.0
 */
export class ClientCertificate extends Context.Service<ClientCertificate, {
  /**
   * The {@link name} of the certificate that connections show from now on. It is
   * read for every request that is authenticated, so that a certificate that was
   * replaced is noticed without a restart.
   */
  readonly current: Effect.Effect<string, OAuthError.OAuthError>

  /**
   * Whether this is the name of the certificate that connections show.
   */
  readonly holds: (name: string) => boolean

  /**
   * An HTTP client that shows the certificate to these origins, and to no
   * others: with those it connects as it would without one. It follows no
   * redirect.
   */
  readonly client: (origins: ReadonlyArray<string>) => HttpClient.HttpClient
}>()("@effect-oauth/core/ClientCertificate") {}

/**
 * What a certificate is called where tokens are bound to it: `x5t#S256:`, and the
 * SHA-256 digest of its DER form in base64url (RFC 8705, section 3.1).
 *
 * @category constructors
 * @since 0.1.0
 */
export const name = (thumbprint: string): string => certificatePrefix + thumbprint

/**
 * Says that there is none: no program in a browser, and none that has nothing
 * but `fetch`, chooses the certificate of a connection. Building it fails with
 * `ConfigurationInvalid`, before anything is sent.
 *
 * **When to use**
 *
 * Use it where one program is built for several platforms. In a browser, bind
 * tokens by `Dpop`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerFetch: Layer.Layer<ClientCertificate, OAuthError.OAuthError> = Layer.effect(
  ClientCertificate,
  Effect.fail(OAuthError.make(
    "ClientCertificate",
    "layerFetch",
    new OAuthError.ConfigurationInvalid({
      field: "clientCertificate",
      problem: "cannot be shown by fetch; use UndiciClientCertificate on Node, and Dpop in a browser"
    })
  ))
)
