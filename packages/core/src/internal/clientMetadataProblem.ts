/**
 * What is wrong with a client's metadata, if anything is (RFC 7591, sections 2 and 2.1; OpenID Connect Dynamic Client
 * Registration, section 2).
 */
import type { JsonObject } from "effect/Schema"
import type { ClientMetadata, Requested } from "../ClientMetadata.ts"
import { ConfigurationInvalid } from "../OAuthError.ts"
import { isObject, member } from "./json.ts"
import { problemOfRedirectUri } from "./url.ts"

/** The first problem; `isTaken` tells of the names that have a place of their own. */
export const of = (
  self: Requested | ClientMetadata,
  isTaken: (name: string) => boolean
): ConfigurationInvalid | undefined => {
  const { grantTypes, redirectUris = [], responseTypes } = self
  const grants = grantTypes ?? ["authorization_code"]
  if (grants.some(redirects) && redirectUris.length === 0) {
    return invalid("redirectUris", "are missing; a browser has to come back somewhere")
  }
  for (const uri of redirectUris) {
    const problem = problemOfRedirectUri(uri, "reversed-domain")
    if (problem !== undefined) return invalid("redirectUris", problem)
  }
  // RFC 7591, section 2.1
  const responses = responseTypes ?? (grants.some(redirects) ? ["code"] : [])
  const parts = new Set(responses.flatMap((type) => type.split(" ")))
  if (grants.includes("authorization_code") !== parts.has("code")) {
    return invalid("responseTypes", "must have code where grantTypes have authorization_code, and only there")
  }
  if (grants.includes("implicit") !== (parts.has("token") || parts.has("id_token"))) {
    return invalid("responseTypes", "must have token or id_token where grantTypes have implicit, and only there")
  }
  if (self.jwks !== undefined && self.jwksUri !== undefined) {
    return invalid("jwks", "and jwksUri are both given; keys come by value or by address")
  }
  const keys = self.jwks === undefined ? undefined : problemOfKeys(self.jwks)
  if (keys !== undefined) return invalid("jwks", keys)
  for (const field of pages) {
    const address = self[field]
    if (address !== undefined && !isHttps(address)) return invalid(field, "must begin with https://")
  }
  if (self.requestUris?.every(isHttps) === false) return invalid("requestUris", "must begin with https://")
  const hosts = new Set(redirectUris.map((uri) => new URL(uri).host))
  if (self.subjectType === "pairwise" && hosts.size > 1 && self.sectorIdentifierUri === undefined) {
    return invalid("sectorIdentifierUri", "is missing; pairwise subjects over several hosts need a sector")
  }
  const clash = Object.keys(self.others ?? {}).find(isTaken)
  return clash === undefined ? undefined : invalid("others", `must not name ${clash}, which has a place of its own`)
}

/** Whether a browser is sent to the server and back for a grant. */
export const redirects = (grantType: string): boolean => grantType === "authorization_code" || grantType === "implicit"

const pages = [
  "clientUri",
  "logoUri",
  "tosUri",
  "policyUri",
  "jwksUri",
  "sectorIdentifierUri",
  "initiateLoginUri",
  "frontchannelLogoutUri",
  "backchannelLogoutUri"
] as const

const isHttps = (address: string): boolean => URL.canParse(address) && new URL(address).protocol === "https:"

const problemOfKeys = (jwks: JsonObject): string | undefined => {
  const keys = member(jwks, "keys")
  if (!Array.isArray(keys) || keys.length === 0) return "is no JSON Web Key Set"
  if (!keys.every((key) => isObject(key) && typeof key["kty"] === "string")) return "holds something that is no key"
  return keys.some((key) => isObject(key) && (key["kty"] === "oct" || secret.some((name) => Object.hasOwn(key, name))))
    ? "holds a private or a symmetric key; give the public half"
    : undefined
}

const secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

const invalid = (field: string, problem: string): ConfigurationInvalid => new ConfigurationInvalid({ field, problem })
