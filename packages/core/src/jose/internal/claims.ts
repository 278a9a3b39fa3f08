/**
 * The claims of a token whose signature was verified, checked one rule after the other (OpenID Connect Core, sections 2,
 * 3.1.3.7, 3.1.3.8 and 12.2). Pure: time, digests and everything that is compared with come from outside.
 */
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import { isTexts, member } from "../../internal/json.ts"
import { sameText } from "../../internal/text.ts"
import type * as OAuthError from "../../OAuthError.ts"

/** A rule that holds, or its name. */
export type Checked<A = void> = Result.Result<A, OAuthError.JwtRule>

/** A text without normalisation, of one character at least. */
export const text = (claims: JsonObject, name: OAuthError.JwtRule): Checked<string> => {
  const value = member(claims, name)
  return typeof value === "string" && value !== "" ? Result.succeed(value) : Result.fail(name)
}

/** A text that may be absent. */
export const optionalText = (claims: JsonObject, name: OAuthError.JwtRule): Checked<string | undefined> =>
  member(claims, name) === undefined ? Result.succeed(undefined) : text(claims, name)

/** A number of seconds since the epoch. */
export const seconds = (claims: JsonObject, name: OAuthError.JwtRule): Checked<number> => {
  const value = member(claims, name)
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? Result.succeed(value) : Result.fail(name)
}

/** A number of seconds since the epoch that may be absent. */
export const optionalSeconds = (claims: JsonObject, name: OAuthError.JwtRule): Checked<number | undefined> =>
  member(claims, name) === undefined ? Result.succeed(undefined) : seconds(claims, name)

/** An issuer, and the claims that fill its places, by the places' names. */
export interface Issuer {
  readonly issuer: string
  readonly issuerClaims?: Readonly<Record<string, string>> | undefined
}

/** `iss`, letter by letter. */
export const issuer = (claims: JsonObject, expected: Issuer): Checked<string> =>
  Result.flatMap(
    text(claims, "iss"),
    (iss) => iss === filled(expected, claims) ? Result.succeed(iss) : Result.fail("iss")
  )

// a value that cannot leave its place
const filled = ({ issuer, issuerClaims = {} }: Issuer, claims: JsonObject): string =>
  Object.entries(issuerClaims).reduce((text, [place, claim]) => {
    const value = member(claims, claim)
    return typeof value === "string" && /^[\w-]+$/.test(value) ? text.replaceAll(`{${place}}`, () => value) : text
  }, issuer)

/** `sub`: 255 characters of ASCII at most. */
export const subject = (claims: JsonObject): Checked<string> =>
  Result.flatMap(
    text(claims, "sub"),
    (sub) => /^[\x20-\x7e]{1,255}$/.test(sub) ? Result.succeed(sub) : Result.fail("sub")
  )

/** `aud`: the client, and beside it nobody who is not trusted. */
export const audience = (
  claims: JsonObject,
  clientId: string,
  trusted: ReadonlyArray<string>
): Checked<ReadonlyArray<string>> => {
  const value = member(claims, "aud")
  const all = typeof value === "string" ? [value] : value
  if (!isTexts(all) || !all.includes(clientId)) return Result.fail("aud")
  return all.every((one) => one === clientId || trusted.includes(one)) ? Result.succeed(all) : Result.fail("aud")
}

/** `azp`: the client, and told where the token is for several. */
export const authorizedParty = (claims: JsonObject, clientId: string, audience: ReadonlyArray<string>): Checked => {
  const azp = member(claims, "azp")
  return azp === clientId || (azp === undefined && audience.length === 1)
    ? Result.succeed(undefined)
    : Result.fail("azp")
}

/** `exp` and `nbf`: now is before the one, and not before the other. Milliseconds but for the claims. */
export const lifetime = (
  claims: JsonObject,
  now: number,
  limits: { readonly skew: number; readonly ahead: number }
): Checked<number> =>
  Result.gen(function*() {
    const exp = yield* seconds(claims, "exp")
    if (now >= exp * 1000 + limits.skew) return yield* Result.fail("exp" as const)
    const nbf = yield* optionalSeconds(claims, "nbf")
    if (nbf !== undefined && now < nbf * 1000 - limits.ahead) return yield* Result.fail("nbf" as const)
    return exp
  })

/** `iat`: neither of the future nor of long ago. */
export const issuedAt = (
  claims: JsonObject,
  now: number,
  limits: { readonly ahead: number; readonly age: number }
): Checked<number> =>
  Result.flatMap(
    seconds(claims, "iat"),
    (iat) => iat * 1000 > now + limits.ahead || iat * 1000 < now - limits.age ? Result.fail("iat") : Result.succeed(iat)
  )

/** `nonce`: that of the request; of a renewal that of the login, or none. */
export const nonce = (
  claims: JsonObject,
  expected: { readonly sent: string | undefined; readonly login: "renewed" | "new" }
): Checked<string | undefined> =>
  Result.flatMap(optionalText(claims, "nonce"), (nonce) => {
    if (expected.login === "renewed" && (nonce === undefined || expected.sent === undefined)) {
      return Result.succeed(nonce)
    }
    const good = nonce === undefined || expected.sent === undefined
      ? nonce === expected.sent
      : sameText(nonce, expected.sent)
    return good ? Result.succeed(nonce) : Result.fail("nonce")
  })

/** `auth_time`: recent enough where that was asked for. */
export const authenticatedAt = (
  claims: JsonObject,
  now: number,
  options: { readonly maxAge: number | undefined; readonly skew: number }
): Checked<number | undefined> =>
  Result.flatMap(
    optionalSeconds(claims, "auth_time"),
    (at) =>
      options.maxAge === undefined || (at !== undefined && now - at * 1000 <= options.maxAge + options.skew)
        ? Result.succeed(at)
        : Result.fail("auth_time")
  )

/** `acr`: one of those that were required. */
export const authenticationContext = (
  claims: JsonObject,
  required: ReadonlyArray<string> | undefined
): Checked<string | undefined> =>
  Result.flatMap(
    optionalText(claims, "acr"),
    (acr) =>
      required === undefined || (acr !== undefined && required.includes(acr)) ? Result.succeed(acr) : Result.fail("acr")
  )

/** `at_hash` or `c_hash`, where it is there: the left half of a digest. */
export const halfDigest = (
  claims: JsonObject,
  name: "at_hash" | "c_hash",
  expected: string | undefined
): Checked =>
  Result.flatMap(
    optionalText(claims, name),
    (hash) =>
      hash === undefined || expected === undefined || sameText(hash, expected)
        ? Result.succeed(undefined)
        : Result.fail(name)
  )

/** What binds tokens that were brought to the request and to each other (OpenID Connect CIBA, section 10.3.1). */
export const brought = (
  claims: JsonObject,
  expected: {
    readonly authReqId: string
    readonly at_hash: string | undefined
    readonly rt_hash: string | undefined
  }
): Checked => {
  const told = (name: string, value: string | undefined): boolean => {
    const said = member(claims, name)
    return value === undefined || (typeof said === "string" && sameText(said, value))
  }
  if (!told("urn:openid:params:jwt:claim:auth_req_id", expected.authReqId)) return Result.fail("auth_req_id")
  if (!told("at_hash", expected.at_hash)) return Result.fail("at_hash")
  return told("urn:openid:params:jwt:claim:rt_hash", expected.rt_hash)
    ? Result.succeed(undefined)
    : Result.fail("rt_hash")
}
