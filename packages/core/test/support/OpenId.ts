/** An OpenID provider in miniature: a signer, its key set over HTTP, and the verifier of a client. */
import {
  AuthorizationServer,
  ClientAuthentication,
  type Identity,
  JwtVerifier,
  type OAuthError
} from "@effect-oauth/core"
import { IdToken, Jwks } from "@effect-oauth/core/jose"
import { TestSigner } from "@effect-oauth/core/jose/testing"
import { TestHttp } from "@effect-oauth/core/testing"
import { Effect, Layer, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"

export const issuer = "https://op.test"
export const clientId = "app"
export const nonce = "n-0S6_WzA2Mj"
export const start = Date.UTC(2030, 0, 1)

export type Claims = Readonly<Record<string, Schema.Json | undefined>>

/** What the provider says of a person, unless a test says otherwise; `undefined` leaves a claim out. */
export const claims = (changes: Claims = {}): Readonly<Record<string, Schema.Json>> => {
  const iat = start / 1000
  const all: Claims = { iss: issuer, sub: "user-1", aud: clientId, iat, exp: iat + 300, nonce, ...changes }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  )
}

/** A provider whose answers at `/jwks` are a function of how often they were asked for. */
export const provider = Effect.fnUntraced(function*(options: {
  readonly signer?: TestSigner.TestSigner | undefined
  readonly algorithm?: "RS256" | "ES256" | "ES384" | "PS512" | "EdDSA" | undefined
  readonly jwks?: ((count: number) => Effect.Effect<TestHttp.Answer, TestHttp.ConnectionFailed>) | undefined
} = {}) {
  yield* TestClock.setTime(start)
  const signer = options.signer ?? (yield* TestSigner.make({ algorithm: options.algorithm }))
  const requests: Array<TestHttp.Request> = []
  const http = TestHttp.layer((request) => {
    requests.push(request)
    return options.jwks?.(requests.length) ?? Effect.map(signer.jwks, (set) => TestHttp.json(set))
  })
  return { signer, requests, http }
})

export const description = (options: Partial<AuthorizationServer.Options> = {}) =>
  AuthorizationServer.layer(AuthorizationServer.make({
    provider: "test",
    issuer,
    tokenEndpoint: `${issuer}/token`,
    jwksUri: `${issuer}/jwks`,
    ...options
  }))

/** The verifier of a client of that provider. */
export const verifier = (
  provider: { readonly signer: TestSigner.TestSigner; readonly http: ReturnType<typeof TestHttp.layer> },
  options: IdToken.Options = {},
  jwks: Jwks.Options = {},
  server: Partial<AuthorizationServer.Options> = {}
): Layer.Layer<JwtVerifier.JwtVerifier | Jwks.Jwks, OAuthError.OAuthError> =>
  IdToken.layer({ algorithms: provider.signer.algorithms as NonNullable<IdToken.Options["algorithms"]>, ...options })
    .pipe(
      Layer.provideMerge(Jwks.layer(jwks)),
      Layer.provide([description(server), ClientAuthentication.layerNone({ clientId }), provider.http])
    )

/** Verifies one token as a login does. */
export const verify = (
  token: string,
  expected: JwtVerifier.Expected = { nonce: Redacted.make(nonce) }
): Effect.Effect<Identity.Identity, OAuthError.OAuthError, JwtVerifier.JwtVerifier> =>
  Effect.flatMap(JwtVerifier.JwtVerifier, (verifier) => verifier.idToken(Redacted.make(token), expected))

/** The rule that a token breaks, or what else is wrong. */
export const ruleOf = ({ reason }: OAuthError.OAuthError): string =>
  reason._tag === "JwtInvalid" ? reason.rule : reason._tag
