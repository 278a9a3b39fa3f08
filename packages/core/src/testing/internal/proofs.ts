/**
 * DPoP proofs as a test authorization server and its API take them (RFC 9449,
 * sections 4.3, 8 and 9). Nothing here is an effect.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as TestHttp from "../TestHttp.ts"
import { verify } from "./p256.ts"
import { seededBytes } from "./seededBytes.ts"
import { sha256 } from "./sha256.ts"

/** What a request proves. */
export type Proven =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Key"; readonly thumbprint: string }
  | { readonly _tag: "Refused"; readonly error: "invalid_dpop_proof" | "use_dpop_nonce"; readonly description: string }

export interface Settings {
  readonly seed: number
  readonly nonces: "none" | "required"
  /** Milliseconds that a proof may be older, or newer, than now. */
  readonly tolerance: number
}

export const makeProofs = (settings: Settings, now: () => number) => {
  const bytes = seededBytes(settings.seed + 2)
  const nonces = new Map<string, string>()
  const seen = new Set<string>()

  const nonceOf = (origin: string): string | undefined => {
    if (settings.nonces === "none") return undefined
    const nonce = nonces.get(origin) ?? `nonce-${Hex.encode(bytes(8))}`
    nonces.set(origin, nonce)
    return nonce
  }

  return {
    /** The nonce that an origin wants now. */
    nonceOf,

    /** Makes every origin want another nonce from now on. */
    renewNonces: (): void => nonces.clear(),

    check: (request: TestHttp.Request, accessToken?: string): Proven => {
      const header = request.headers["dpop"]
      if (header === undefined) return { _tag: "Nothing" }
      const proof = read(header)
      if (proof === undefined) return refuse("cannot be read, or is not signed by the key in it with ES256")
      const { claims, thumbprint } = proof
      const { origin, pathname } = new URL(request.url)
      const { ath, htm, htu, iat, jti, nonce } = claims
      if (htm !== request.method) return refuse("htm is not the method")
      if (htu !== origin + pathname) return refuse("htu is not the address without its query")
      if (typeof iat !== "number" || Math.abs(iat * 1000 - now()) > settings.tolerance) return refuse("iat is not now")
      if (typeof jti !== "string" || jti.length < 16) return refuse("jti is missing")
      if (seen.has(jti)) return refuse("jti was there before")
      if (accessToken !== undefined && ath !== hash(accessToken)) return refuse("ath is not that of the token")
      if (accessToken === undefined && ath !== undefined) return refuse("ath is there without a token")
      const wanted = nonceOf(origin)
      if (wanted !== undefined && nonce !== wanted) {
        return { _tag: "Refused", error: "use_dpop_nonce", description: "the nonce is missing or not the current one" }
      }
      seen.add(jti)
      return { _tag: "Key", thumbprint }
    }
  }
}

const refuse = (description: string): Proven => ({ _tag: "Refused", error: "invalid_dpop_proof", description })

const hash = (text: string): string => Base64Url.encode(sha256(new TextEncoder().encode(text)))

const read = (
  jwt: string
): { readonly claims: Record<PropertyKey, unknown>; readonly thumbprint: string } | undefined => {
  const [head = "", body = "", signature = "", ...more] = jwt.split(".")
  const header = json(head)
  const claims = json(body)
  const key = Predicate.isObject(header) && Predicate.isObject(header["jwk"]) ? header["jwk"] : {}
  const { crv, kty, x, y, ...others } = key
  const bytes = [x, y, signature].map((part) =>
    typeof part === "string" ? Result.getOrUndefined(Base64Url.decode(part)) : undefined
  )
  const [keyX, keyY, signed] = bytes
  if (
    more.length > 0 || !Predicate.isObject(header) || !Predicate.isObject(claims) || header["typ"] !== "dpop+jwt" ||
    header["alg"] !== "ES256" || kty !== "EC" || crv !== "P-256" || "d" in others ||
    keyX === undefined || keyY === undefined || signed === undefined ||
    !verify({ x: keyX, y: keyY }, signed, new TextEncoder().encode(`${head}.${body}`))
  ) return undefined
  return { claims, thumbprint: hash(JSON.stringify({ crv, kty, x, y })) }
}

const json = (part: string): unknown => {
  try {
    return JSON.parse(Result.getOrElse(Base64Url.decodeString(part), () => ""))
  } catch {
    return undefined
  }
}
