/**
 * Request objects as a test authorization server takes them (RFC 9101, section
 * 6). Nothing here is an effect.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type { Json, JsonObject } from "effect/Schema"
import { isObject, member, parseObject } from "../../internal/json.ts"
import type { Client } from "../TestClient.ts"
import { verify } from "./p256.ts"

/** The parameters of a request object that is signed by the client's key, with ES256; a text says what is wrong. */
export const open = (
  jwt: string,
  client: Client,
  options: { readonly issuer: string; readonly now: number }
): URLSearchParams | string => {
  const [head = "", body = "", signature = "", ...more] = jwt.split(".")
  const header = objectOf(head)
  const claims = objectOf(body)
  const [x, y, signed] = [client.requestKey?.["x"], client.requestKey?.["y"], signature].map((part) =>
    typeof part === "string" ? Result.getOrUndefined(Base64Url.decode(part)) : undefined
  )
  if (more.length > 0 || header === undefined || claims === undefined) return "the object cannot be read"
  if (member(header, "typ") !== "oauth-authz-req+jwt") return "the object is of another type"
  if (member(header, "alg") !== "ES256" || x === undefined || y === undefined || signed === undefined) {
    return "the object is not signed with ES256 by a key of the client"
  }
  if (!verify({ x, y }, signed, new TextEncoder().encode(`${head}.${body}`))) return "the signature does not hold"
  if (member(claims, "iss") !== client.clientId || member(claims, "client_id") !== client.clientId) {
    return "the object is not the client's"
  }
  if (member(claims, "aud") !== options.issuer) return "the object is for another server"
  const exp = member(claims, "exp")
  if (typeof exp !== "number" || exp * 1000 <= options.now) return "the object has expired"
  if (["request", "request_uri"].some((name) => Object.hasOwn(claims, name))) return "the object holds another"
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(claims)) {
    if (ofTheToken.has(name)) continue
    const isList = Array.isArray(value) && name !== "authorization_details"
    for (const one of isList ? value : [value]) parameters.append(name, textOf(one))
  }
  return parameters
}

const ofTheToken: ReadonlySet<string> = new Set(["iss", "aud", "exp", "iat", "nbf", "jti"])

const textOf = (value: Json): string => typeof value === "string" ? value : JSON.stringify(value)

const objectOf = (part: string): JsonObject | undefined => {
  const bytes = Result.getOrUndefined(Base64Url.decode(part))
  const parsed = bytes === undefined ? undefined : parseObject(bytes)
  return parsed !== undefined && typeof parsed !== "string" && isObject(parsed) ? parsed : undefined
}
