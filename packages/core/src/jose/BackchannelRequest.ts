/**
 * Signed backchannel authentication requests (OpenID Connect Client-Initiated
 * Backchannel Authentication, section 7.1.1).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationServer } from "../AuthorizationServer.ts"
import { BackchannelRequestSigner } from "../BackchannelAuthentication.ts"
import { ClientAuthentication } from "../ClientAuthentication.ts"
import * as OAuthError from "../OAuthError.ts"
import * as Algorithms from "./internal/algorithms.ts"
import * as Sign from "./internal/sign.ts"
import type * as SigningKey from "./SigningKey.ts"

/**
 * How requests are signed.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly key: SigningKey.Source
  /** What the server verifies (`backchannel_authentication_request_signing_alg_values_supported`). */
  readonly algorithms?: ReadonlyArray<string> | undefined
}

/**
 * Signs every backchannel authentication request: the parameters are its claims,
 * its audience is the issuer of the server in context, and it counts for five
 * minutes. The key is read for each.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<BackchannelRequestSigner, OAuthError.OAuthError, AuthorizationServer | ClientAuthentication> =>
  Layer.effect(
    BackchannelRequestSigner,
    Effect.gen(function*() {
      const { issuer } = yield* AuthorizationServer
      const { clientId } = yield* ClientAuthentication
      const { algorithms, key: source } = options
      if (issuer === undefined) {
        return yield* failed(invalid("issuer", "is missing; a request needs to say to whom it is made"))
      }
      const use = (key: SigningKey.SigningKey) => Effect.mapError(Effect.fromResult(usable(key, algorithms)), wrapped)
      // a key that is at hand is looked at now, and not when somebody is waiting
      const ready = Effect.isEffect(source) ? Effect.flatMap(source, use) : Effect.succeed(yield* use(source))
      return BackchannelRequestSigner.of({
        sign: (parameters) =>
          Effect.gen(function*() {
            const now = Math.floor((yield* Clock.currentTimeMillis) / 1000)
            return yield* Effect.mapError(
              Sign.state(yield* ready, {
                issuer: clientId,
                audience: issuer,
                typ: undefined,
                lifetime: Duration.minutes(5),
                skew: Duration.zero,
                claims: {
                  ...Object.fromEntries(
                    parameters.map(([name, text]) => [name, Redacted.isRedacted(text) ? Redacted.value(text) : text])
                  ),
                  nbf: now
                }
              }),
              // what signs is not what proves the client
              ({ keyId }) =>
                OAuthError.make(
                  "BackchannelRequest",
                  "sign",
                  new OAuthError.KeyUnavailable({ use: "request-object", keyId })
                )
            )
          })
      })
    })
  )

const usable = (
  key: SigningKey.SigningKey,
  algorithms: ReadonlyArray<string> | undefined
): Result.Result<Sign.Ready, OAuthError.ConfigurationInvalid> =>
  Result.flatMap(
    Sign.ready(key, algorithms),
    (ready) =>
      Algorithms.isSymmetric(ready.algorithm)
        ? Result.fail(invalid("algorithm", "is keyed with a secret; a request is signed with a private key"))
        : Result.succeed(ready)
  )

const invalid = (field: string, problem: string) => new OAuthError.ConfigurationInvalid({ field, problem })

const wrapped = (reason: OAuthError.OAuthErrorReason) => OAuthError.make("BackchannelRequest", "layer", reason)

const failed = (reason: OAuthError.OAuthErrorReason) => Effect.fail(wrapped(reason))
