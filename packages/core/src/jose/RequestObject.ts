/**
 * Request objects: authorization requests that the client signs, and may encrypt
 * for the server (RFC 9101, sections 4, 5 and 10; OpenID Connect Core, sections 6
 * and 10). The `RequestSigner` of core.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Json, JsonObject } from "effect/Schema"
import * as jose from "jose"
import { AuthorizationServer } from "../AuthorizationServer.ts"
import * as OAuthError from "../OAuthError.ts"
import { RequestReferences } from "../RequestReferences.ts"
import { RequestSigner } from "../RequestSigner.ts"
import type { Parameters } from "../TokenRequest.ts"
import * as Sign from "./internal/sign.ts"
import { Jwks } from "./Jwks.ts"
import type * as SigningKey from "./SigningKey.ts"

/**
 * How the key of an encrypted object travels: by the server's public key. A
 * secret that both sides know is for none of these, and a public client has none.
 *
 * @category models
 * @since 0.1.0
 */
export type KeyManagement =
  | "RSA-OAEP"
  | "RSA-OAEP-256"
  | "RSA-OAEP-384"
  | "RSA-OAEP-512"
  | "ECDH-ES"
  | "ECDH-ES+A128KW"
  | "ECDH-ES+A192KW"
  | "ECDH-ES+A256KW"

/**
 * How objects are encrypted, so that nobody but the server reads them.
 *
 * @category options
 * @since 0.1.0
 */
export interface Encryption {
  readonly keyManagement: KeyManagement
  /** `A256GCM` unless said otherwise. */
  readonly contentEncryption?:
    | "A128GCM"
    | "A192GCM"
    | "A256GCM"
    | "A128CBC-HS256"
    | "A192CBC-HS384"
    | "A256CBC-HS512"
    | undefined
  /** A public key of the server as a JSON Web Key; one of its key set, by the `Jwks` in context, unless given. */
  readonly key?: JsonObject | undefined
}

/**
 * How requests are signed.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly key: SigningKey.Source
  /** How long an object counts; five minutes, and an hour at most. */
  readonly lifetime?: Duration.Input | undefined
  /** How far the server's clock may be behind; not at all, and five minutes at most. */
  readonly skew?: Duration.Input | undefined
  readonly encryption?: Encryption | undefined
}

/**
 * Makes a signer for the authorization server in context.
 *
 * **Details**
 *
 * The object holds every parameter, with JSON's types: `max_age` is a number,
 * `claims` and `authorization_details` are what they stand for, and a parameter
 * that comes several times is a list. `iss` is the client, `aud` the server's
 * issuer, and each object has a `jti` of its own. Its type is
 * `oauth-authz-req+jwt`, and it has no `sub`, so that it is taken for no other
 * statement of the client (RFC 9101, section 10.8). It is signed first, then
 * encrypted.
 *
 * An algorithm that the server's metadata does not list is refused, and `none`
 * is not one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options: Options
) => Effect.Effect<RequestSigner["Service"], OAuthError.OAuthError, AuthorizationServer> = Effect.fnUntraced(
  function*(options) {
    const server = yield* AuthorizationServer
    const jwks = Option.getOrUndefined(yield* Effect.serviceOption(Jwks))
    const { encryption, key } = options
    const { issuer } = server
    const lifetime = Duration.fromInputUnsafe(options.lifetime ?? "5 minutes")
    const skew = Duration.fromInputUnsafe(options.skew ?? 0)
    if (issuer === undefined) {
      return yield* invalid("make", "issuer", "is missing; a request object needs to say for whom it is")
    }
    if (!(Duration.toSeconds(lifetime) >= 1 && Duration.toHours(lifetime) <= 1)) {
      return yield* invalid("make", "lifetime", "must be between a second and an hour")
    }
    if (!(Duration.toSeconds(skew) >= 0 && Duration.toMinutes(skew) <= 5)) {
      return yield* invalid("make", "skew", "must be between nothing and five minutes")
    }
    if (encryption !== undefined) {
      const { contentEncryption = standard, keyManagement } = encryption
      if (server.requestObjectEncryptionAlgorithms?.includes(keyManagement) === false) {
        return yield* invalid("make", "encryption.keyManagement", "is not one that the server supports")
      }
      if (server.requestObjectEncryptionMethods?.includes(contentEncryption) === false) {
        return yield* invalid("make", "encryption.contentEncryption", "is not one that the server supports")
      }
      if (encryption.key === undefined && jwks === undefined) {
        return yield* invalid("make", "encryption.key", "is missing; give one, or provide Jwks")
      }
    }
    const use = (key: SigningKey.SigningKey): Effect.Effect<Sign.Ready, OAuthError.OAuthError> =>
      Effect.mapError(Effect.fromResult(Sign.ready(key, server.requestObjectAlgorithms)), wrapped("make"))
    // a key that is at hand is looked at now, and not when somebody is waiting
    const ready = Effect.isEffect(key) ? Effect.flatMap(key, use) : Effect.succeed(yield* use(key))

    const sign = Effect.fn("RequestObject.sign")(function*(
      parameters: Parameters
    ): Effect.fn.Return<Redacted.Redacted, OAuthError.OAuthError> {
      const members = claimsOf(parameters)
      const clientId = members["client_id"]
      if (typeof clientId !== "string") return yield* invalid("sign", "parameters", "do not name the client")
      const nested = ["request", "request_uri"].find((name) => Object.hasOwn(members, name))
      if (nested !== undefined) {
        return yield* invalid(
          "sign",
          "parameters",
          `must not name ${nested}; an object holds no other (RFC 9101, section 4)`
        )
      }
      const object = yield* Effect.mapError(
        Sign.state(yield* ready, {
          issuer: clientId,
          audience: issuer,
          typ: "oauth-authz-req+jwt",
          lifetime,
          skew,
          claims: members
        }),
        // what signs is not what proves the client
        ({ keyId }) => wrapped("sign")(new OAuthError.KeyUnavailable({ use: "request-object", keyId }))
      )
      return encryption === undefined ? object : yield* sealed(object, encryption, jwks)
    })

    return RequestSigner.of({ sign, visibility: encryption === undefined ? "seen" : "hidden" })
  }
)

/**
 * Requests are signed, and go by value; where the server takes pushed requests
 * (RFC 9126) they are pushed.
 *
 * @see {@link make}
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<RequestSigner, OAuthError.OAuthError, AuthorizationServer> => Layer.effect(RequestSigner, make(options))

/**
 * Requests are signed and go by reference: the server fetches them at an address
 * of the application's, by the `RequestReferences` in context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerByReference = (
  options: Options
): Layer.Layer<RequestSigner, OAuthError.OAuthError, AuthorizationServer | RequestReferences> =>
  Layer.effect(
    RequestSigner,
    Effect.gen(function*() {
      const { publish } = yield* RequestReferences
      return { ...(yield* make(options)), publish, visibility: "hidden" as const }
    })
  )

const standard = "A256GCM"

// the parameters whose values are JSON (OpenID Connect Core, sections 5.5 and 6.1; RFC 9396, section 3)
const json: ReadonlySet<string> = new Set(["claims", "authorization_details"])

const claimsOf = (parameters: Parameters): Record<string, Json> => {
  const members: Record<string, Json> = {}
  for (const [name, text] of parameters) {
    const value = valueOf(name, typeof text === "string" ? text : Redacted.value(text))
    const before = members[name]
    members[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return members
}

const valueOf = (name: string, text: string): Json => {
  if (name === "max_age" && /^\d+$/.test(text)) return Number(text)
  if (!json.has(name)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

const sealed = Effect.fnUntraced(function*(
  object: Redacted.Redacted,
  { contentEncryption = standard, key, keyManagement }: Encryption,
  jwks: Jwks["Service"] | undefined
): Effect.fn.Return<Redacted.Redacted, OAuthError.OAuthError> {
  const found = key ?? (jwks === undefined ? undefined : yield* jwks.encryptionKey(keyManagement))
  if (found === undefined) {
    return yield* invalid("sign", "encryption.key", `is missing; the server publishes none for ${keyManagement}`)
  }
  const { kid } = found
  const unusable = () =>
    // the cause may show what was to be encrypted
    OAuthError.make(
      "RequestObject",
      "sign",
      new OAuthError.KeyUnavailable({ use: "request-object", keyId: typeof kid === "string" ? kid : undefined })
    )
  const imported = yield* Effect.tryPromise({
    try: () => jose.importJWK(Object.fromEntries(Object.entries(found)), keyManagement),
    catch: unusable
  })
  const token = yield* Effect.tryPromise({
    try: () =>
      new jose.CompactEncrypt(new TextEncoder().encode(Redacted.value(object)))
        .setProtectedHeader({
          alg: keyManagement,
          enc: contentEncryption,
          cty: "oauth-authz-req+jwt",
          ...(typeof kid === "string" ? { kid } : {})
        })
        .encrypt(imported),
    catch: unusable
  })
  return Redacted.make(token)
})

const wrapped = (method: string) => (reason: OAuthError.OAuthErrorReason): OAuthError.OAuthError =>
  OAuthError.make("RequestObject", method, reason)

const invalid = (method: string, field: string, problem: string): Effect.Effect<never, OAuthError.OAuthError> =>
  Effect.fail(wrapped(method)(new OAuthError.ConfigurationInvalid({ field, problem })))
