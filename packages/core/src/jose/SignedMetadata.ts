/**
 * Signed metadata of servers and resources, verified (RFC 8414, section 2.1; RFC
 * 9728, sections 2.2 and 3.3): the `MetadataVerifier` of core.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as jose from "jose"
import * as AuthorizationServer from "../AuthorizationServer.ts"
import { MetadataVerifier } from "../MetadataVerifier.ts"
import * as OAuthError from "../OAuthError.ts"
import type { OAuthHttpClient } from "../OAuthHttpClient.ts"
import type { Algorithm } from "./IdToken.ts"
import * as Claims from "./internal/claims.ts"
import * as Jwk from "./internal/jwk.ts"
import * as Jws from "./internal/jws.ts"
import * as Jwks from "./Jwks.ts"

/**
 * Who is believed what they sign: by the name that they give themselves (`iss`),
 * with their keys, or where these are.
 *
 * @category options
 * @since 0.1.0
 */
export type Signer =
  & { readonly issuer: string }
  & (
    | { readonly keys: ReadonlyArray<JsonObject>; readonly jwksUri?: undefined }
    | { readonly keys?: undefined; readonly jwksUri: string }
  )

/**
 * Whose metadata is believed.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly signers: ReadonlyArray<Signer>
  /** What they sign with; `RS256`, `PS256` and `ES256` unless said otherwise. `none` is not one. */
  readonly algorithms?: ReadonlyArray<Exclude<Algorithm, "HS256" | "HS384" | "HS512">> | undefined
}

/**
 * Makes a verifier of what these signers sign.
 *
 * **Details**
 *
 * A token of anybody else, one whose signature does not hold, and one whose time
 * is over fail with `JwtInvalid`, which names the rule. No key is fetched for a
 * signer that is not among them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<MetadataVerifier["Service"], OAuthError.OAuthError, OAuthHttpClient> = Effect.fnUntraced(
  function*(options) {
    const algorithms = options.algorithms ?? ["RS256", "PS256", "ES256"]
    const signers = new Map<string, Jwks.Jwks["Service"]>()
    for (const signer of options.signers) signers.set(signer.issuer, yield* keysOf(signer))

    const verify = Effect.fnUntraced(function*(
      token: string,
      jwt: "server-metadata" | "resource-metadata"
    ): Effect.fn.Return<JsonObject, OAuthError.JwtInvalid | OAuthError.OAuthError> {
      const jwks = signers.get(signerOf(token) ?? "")
      if (jwks === undefined) return yield* Jws.broken(jwt, "iss")
      const { claims } = yield* Jws.verify(token, { jwt, types: ["jwt"] }, { algorithms, jwks })
      const now = yield* Clock.currentTimeMillis
      // an end is not required, and holds where there is one
      const lifetime = Claims.lifetime(
        { exp: Number.MAX_SAFE_INTEGER, ...Object.fromEntries(Object.entries(claims)) },
        now,
        { skew: 0, ahead: 60_000 }
      )
      if (Result.isFailure(lifetime)) return yield* Jws.broken(jwt, lifetime.failure)
      return claims
    })

    return MetadataVerifier.of({
      verify: (token, about) =>
        Effect.mapError(
          verify(token, about),
          (error) => error._tag === "JwtInvalid" ? OAuthError.make("SignedMetadata", "verify", error) : error
        )
    })
  }
)

/**
 * Metadata that these signers sign is verified, and wins over what is not signed.
 * Provide it beneath `ServerMetadata` and `ProtectedResource`.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<MetadataVerifier, OAuthError.OAuthError, OAuthHttpClient> =>
  Layer.effect(MetadataVerifier, make(options))

// who says that they signed it; whether they did is for their keys to say
const signerOf = (token: string): string | undefined => {
  try {
    return jose.decodeJwt(token).iss
  } catch {
    return undefined
  }
}

const keysOf = (
  signer: Signer
): Effect.Effect<Jwks.Jwks["Service"], OAuthError.OAuthError, OAuthHttpClient> => {
  if (signer.jwksUri !== undefined) {
    const server = AuthorizationServer.make({ provider: "metadata", tokenEndpoint: signer.jwksUri })
    return Effect.flatMap(
      Effect.fromResult(server),
      (server) =>
        Effect.provideService(Jwks.make({ uri: signer.jwksUri }), AuthorizationServer.AuthorizationServer, server)
    )
  }
  const keys = Jwk.publicKeys(signer.keys)
  return Effect.succeed(Jwks.Jwks.of({
    encryptionKey: () => Effect.undefined,
    key: (header, tried) =>
      Effect.sync(() => {
        const key = Jwk.select(keys, header)
        return typeof key === "string" || (tried !== undefined && Jwk.equals(key, tried)) ? undefined : key
      })
  }))
}
