/**
 * What every token of a server is verified with, read from the options once.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { AuthorizationServer } from "../../AuthorizationServer.ts"
import { ClientAuthentication } from "../../ClientAuthentication.ts"
import * as OAuthError from "../../OAuthError.ts"
import type { Options } from "../IdToken.ts"
import { Jwks } from "../Jwks.ts"
import * as Algorithms from "./algorithms.ts"
import type * as Claims from "./claims.ts"
import * as Jwe from "./jwe.ts"
import * as Jws from "./jws.ts"

/** What tokens are verified with. */
export interface Verifier {
  readonly issuer: Claims.Issuer
  readonly clientId: string
  readonly trusted: ReadonlyArray<string>
  readonly algorithms: ReadonlyArray<Algorithms.Name>
  readonly userInfoAlgorithms: ReadonlyArray<Algorithms.Name>
  /** Those of signed answers to logins. */
  readonly responseAlgorithms: ReadonlyArray<Algorithms.Name>
  /** Milliseconds. */
  readonly limits: { readonly skew: number; readonly ahead: number; readonly age: number }
  /** Opens a token where it has to be encrypted, and verifies its signature. */
  readonly verify: (
    token: Redacted.Redacted,
    form: Jws.Form,
    algorithms: ReadonlyArray<Algorithms.Name>,
    /** What it is encrypted for, where that is not as ID tokens are. */
    decryption?: { readonly of: Jwe.Decryption | undefined }
  ) => Effect.Effect<Jws.Verified, OAuthError.JwtInvalid | OAuthError.OAuthError>
}

/** Reads the options. */
export const make = Effect.fnUntraced(function*(
  module: string,
  options: Options
): Effect.fn.Return<Verifier, OAuthError.OAuthError, AuthorizationServer | ClientAuthentication | Jwks> {
  const server = yield* AuthorizationServer
  const { clientId } = yield* ClientAuthentication
  const jwks = yield* Jwks
  const { issuer, issuerClaims } = server
  const invalid = (field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
    Effect.fail(OAuthError.make(module, "make", new OAuthError.ConfigurationInvalid({ field, problem })))
  if (issuer === undefined) return yield* invalid("issuer", "is missing; without it nobody knows whose tokens they are")
  const skew = millis(options.skew, 0)
  if (!(skew >= 0 && skew <= 300_000)) return yield* invalid("skew", "must be between nothing and five minutes")
  const algorithms = options.algorithms ?? announced(server.idTokenAlgorithms)
  const userInfoAlgorithms = options.userInfoAlgorithms ?? algorithms
  const responseAlgorithms = options.authorizationResponseAlgorithms ??
    announced(server.authorizationResponseAlgorithms)
  const lists = { algorithms, userInfoAlgorithms, authorizationResponseAlgorithms: responseAlgorithms }
  for (const [field, names] of Object.entries(lists)) {
    const problem = problemOf(field, names, options.clientSecret)
    if (problem !== undefined) return yield* invalid(problem.field, problem.problem)
  }
  const clientSecret = secretOf(options.clientSecret)
  return {
    issuer: { issuer, issuerClaims },
    clientId,
    trusted: options.trustedAudiences ?? [],
    algorithms,
    userInfoAlgorithms,
    responseAlgorithms,
    limits: { skew, ahead: Math.max(skew, 60_000), age: millis(options.maxIssuedAgo, 86_400_000) },
    verify: (token, form, algorithms, decryption = { of: options.decryption }) =>
      Effect.flatMap(
        Jwe.open(Redacted.value(token), form.jwt, decryption.of),
        (signed) => Jws.verify(signed, form, { algorithms, jwks, clientSecret })
      )
  }
})

/** Names the rule that a token breaks. */
export const wrapped =
  (module: string, method: string) => (error: OAuthError.JwtInvalid | OAuthError.OAuthError): OAuthError.OAuthError =>
    error._tag === "JwtInvalid" ? OAuthError.make(module, method, error) : error

const announced = (names: ReadonlyArray<string> | undefined): ReadonlyArray<Algorithms.Name> => {
  const known = (names ?? []).filter(Algorithms.isName).filter((name) => !Algorithms.isSymmetric(name))
  return known.length === 0 ? ["RS256"] : known
}

const problemOf = (
  field: string,
  algorithms: ReadonlyArray<string>,
  clientSecret: Options["clientSecret"]
): { readonly field: string; readonly problem: string } | undefined => {
  if (algorithms.length === 0) return { field, problem: "is empty; leave it out, or name what tokens are signed with" }
  const unknown = algorithms.find((name) => !Algorithms.isName(name))
  if (unknown !== undefined) return { field, problem: "names one that does not sign, or is not known" }
  const symmetric = algorithms.filter(Algorithms.isName).filter(Algorithms.isSymmetric)
  if (symmetric.length === 0) return undefined
  if (clientSecret === undefined) {
    return { field: "clientSecret", problem: "is missing, though the algorithms name one that is keyed with it" }
  }
  const bits = Effect.isEffect(clientSecret)
    ? Infinity
    : new TextEncoder().encode(Redacted.value(clientSecret)).length * 8
  return symmetric.some((name) => bits < Algorithms.of(name).hash)
    ? { field: "clientSecret", problem: "is shorter than the algorithm's digest (OpenID Connect Core, section 16.19)" }
    : undefined
}

const secretOf = (secret: Options["clientSecret"]): Jws.Secret | undefined =>
  secret === undefined || Effect.isEffect(secret) ? secret : Effect.succeed(secret)

const millis = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))
