/**
 * Compact signed tokens (RFC 7515), verified. The algorithm comes from what was agreed and never from the token alone,
 * and each algorithm has keys of its own kind: a public key is never the secret of an HMAC.
 */
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as jose from "jose"
import { member, parseObject } from "../../internal/json.ts"
import * as OAuthError from "../../OAuthError.ts"
import type { Jwks } from "../Jwks.ts"
import * as Algorithms from "./algorithms.ts"

/** Reads a secret for every use, so that a rotated one is used without a restart. */
export type Secret = Effect.Effect<Redacted.Redacted, OAuthError.OAuthError>

/** What a token is verified with. */
export interface Keys {
  readonly algorithms: ReadonlyArray<Algorithms.Name>
  readonly jwks: Jwks["Service"]
  readonly clientSecret?: Secret | undefined
}

/** What a token must look like. */
export interface Form {
  readonly jwt: OAuthError.JwtInvalid["jwt"]
  /** The media types that `typ` may name, without `application/`, in lower case. */
  readonly types: ReadonlyArray<string>
  /** What is looked at before any key is: a rule that the claims break, if they do. */
  readonly first?: ((claims: JsonObject) => OAuthError.JwtRule | undefined) | undefined
}

/** A token that was verified. */
export interface Verified {
  readonly alg: Algorithms.Name
  readonly claims: JsonObject
}

/** A token longer than this is not read. */
export const maxLength = 131_072

/** Verifies a token and gives its claims, which nothing has checked yet. */
export const verify = Effect.fnUntraced(function*(
  token: string,
  form: Form,
  keys: Keys
): Effect.fn.Return<Verified, OAuthError.JwtInvalid | OAuthError.OAuthError> {
  const { alg, kid, payload } = yield* Effect.fromResult(parse(token, form, keys.algorithms))
  const first = form.first?.(payload)
  if (first !== undefined) return yield* broken(form.jwt, first)
  const good = Algorithms.isSymmetric(alg)
    ? yield* bySecret(token, alg, keys.clientSecret)
    : yield* byIssuers(token, { alg, kid }, keys.jwks)
  return good === true ? { alg, claims: payload } : yield* broken(form.jwt, good)
})

/** Why a token is refused. */
export const broken = (
  jwt: OAuthError.JwtInvalid["jwt"],
  rule: OAuthError.JwtRule
): OAuthError.JwtInvalid => new OAuthError.JwtInvalid({ jwt, rule })

const parse = (
  token: string,
  form: Form,
  algorithms: ReadonlyArray<Algorithms.Name>
): Result.Result<
  { readonly alg: Algorithms.Name; readonly kid: string | undefined; readonly payload: JsonObject },
  OAuthError.JwtInvalid
> => {
  const refuse = (rule: OAuthError.JwtRule) => Result.fail(broken(form.jwt, rule))
  if (token.length > maxLength) return refuse("format")
  const parts = token.split(".", 6)
  if (parts.length === 5) return refuse("encryption")
  const [header, payload, signature] = parts.map(canonicalBytes)
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    return refuse("format")
  }
  const head = parseObject(header)
  if (typeof head === "string") return refuse("format")
  // extensions that must be understood: none is (RFC 7515, section 4.1.11)
  if (Object.hasOwn(head, "crit") || Object.hasOwn(head, "b64")) return refuse("crit")
  const alg = member(head, "alg")
  if (!Algorithms.isName(alg) || !algorithms.includes(alg)) return refuse("alg")
  const typ = member(head, "typ")
  if (typ !== undefined && !(typeof typ === "string" && form.types.includes(mediaType(typ)))) return refuse("typ")
  const kid = member(head, "kid")
  if (kid !== undefined && typeof kid !== "string") return refuse("key")
  const claims = parseObject(payload)
  return typeof claims === "string" ? refuse("format") : Result.succeed({ alg, kid, payload: claims })
}

/** A media type as `typ` writes it (RFC 7515, section 4.1.9), without `application/` and in lower case. */
const mediaType = (typ: string): string => typ.toLowerCase().replace(/^application\//, "")

// one text for the same bytes: what differs from a good token in any letter is another token
const canonicalBytes = (part: string): Uint8Array | undefined => {
  const bytes = Result.getOrUndefined(Base64Url.decode(part))
  return bytes !== undefined && Base64Url.encode(bytes) === part ? bytes : undefined
}

const byIssuers = Effect.fnUntraced(function*(
  token: string,
  header: { readonly alg: Algorithms.Name; readonly kid: string | undefined },
  jwks: Jwks["Service"]
): Effect.fn.Return<true | "key" | "signature", OAuthError.OAuthError> {
  const key = yield* jwks.key(header)
  if (key === undefined) return "key"
  if (yield* fits(token, key.jwk, header.alg)) return true
  // a server without key ids may have rotated
  const other = yield* jwks.key(header, key)
  return other !== undefined && (yield* fits(token, other.jwk, header.alg)) ? true : "signature"
})

const bySecret = Effect.fnUntraced(function*(
  token: string,
  alg: Algorithms.Name,
  clientSecret: Secret | undefined
): Effect.fn.Return<true | "key" | "signature", OAuthError.OAuthError> {
  if (clientSecret === undefined) return "key"
  const key = new TextEncoder().encode(Redacted.value(yield* clientSecret))
  if (key.length * 8 < Algorithms.of(alg).hash) return "key"
  return (yield* fits(token, key, alg)) ? true : "signature"
})

// whatever goes wrong in there, the signature was not verified; its error may quote the token
const fits = (token: string, key: jose.JWK | Uint8Array, alg: string): Effect.Effect<boolean> =>
  Effect.match(Effect.tryPromise(() => jose.compactVerify(token, key, { algorithms: [alg] })), {
    onFailure: () => false,
    onSuccess: () => true
  })
