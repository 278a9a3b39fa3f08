/**
 * What the three servers have in common: how a provider is put together, with
 * the vendor's addresses or with those of a test server.
 */
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/** Where a server and its API are. */
export interface Origins {
  readonly login: string
  readonly api: string
}

/** The vendor's own server, whose options are known to be right. */
export const vendor = (options: AuthorizationServer.Options): Layer.Layer<AuthorizationServer.AuthorizationServer> =>
  Layer.orDie(AuthorizationServer.layer(AuthorizationServer.make(options)))

/** A test server, where everything is at one origin. */
export const loopback = (
  module: string,
  origin: string,
  options: (origins: Origins) => AuthorizationServer.Options
): Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError.OAuthError> =>
  AuthorizationServer.layer(
    URL.canParse(origin) && new URL(origin).origin === origin
      ? AuthorizationServer.makeLoopback(options({ login: origin, api: origin }))
      : invalid(module, "origin", "must be an origin, like http://127.0.0.1:4000")
  )

/** A client without a secret; one that is given all the same is a misunderstanding. */
export const withoutSecret = (
  module: string,
  options: { readonly clientId: string; readonly clientSecret?: Redacted.Redacted | undefined }
): ClientAuthentication.Made =>
  options.clientSecret === undefined
    ? ClientAuthentication.none({ clientId: options.clientId })
    : invalid(
      module,
      "clientSecret",
      "is given, though a client of this kind has none; remove it, or name another kind"
    )

/** What is wrong with an option. */
export const invalid = (
  module: string,
  field: string,
  problem: string
): Result.Result<never, OAuthError.OAuthError> =>
  Result.fail(OAuthError.make(module, "layer", new OAuthError.ConfigurationInvalid({ field, problem })))
