/**
 * Whose grant it is, as far as an ID token tells. The token came straight from
 * the token endpoint over TLS (OpenID Connect Core, section 3.1.3.7, item 6), so
 * its claims are read without its signature; they decide only that a renewal is
 * not believed, never that somebody is signed in.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Grant from "../Grant.ts"
import { toText } from "./base64Url.ts"

/** The subject of an ID token, where it can be read. */
export const subject = (idToken: Redacted.Redacted | undefined): string | undefined => {
  const claims = read(idToken)
  return claims !== undefined && Predicate.isString(claims.sub) ? claims.sub : undefined
}

/** Whether the ID token of a renewal names somebody else than the grant (OpenID Connect Core, section 12.2). */
export const differs = (body: Grant.Open, idToken: Redacted.Redacted | undefined): boolean => {
  const renewed = subject(idToken)
  return body.subject !== undefined && renewed !== undefined && renewed !== body.subject
}

const read = (idToken: Redacted.Redacted | undefined): { readonly sub?: unknown } | undefined => {
  const payload = idToken === undefined ? undefined : Redacted.value(idToken).split(".")[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(toText(payload))
    return Predicate.isObject(claims) && Object.hasOwn(claims, "sub") ? claims : undefined
  } catch {
    return undefined
  }
}
