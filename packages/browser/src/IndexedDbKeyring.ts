/**
 * The key that seals what is kept in IndexedDB: made once for an origin, and
 * kept there so that no script can take it out.
 *
 * @since 0.1.0
 */
import * as Keyring from "@effect-oauth/core/Keyring"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { WebCrypto } from "effect/crypto/WebCrypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Keys from "./internal/keys.ts"

/**
 * Makes a keyring of one AES-256-GCM key, which is not extractable.
 *
 * **Details**
 *
 * The first tab that needs it makes the key and keeps it in IndexedDB, under a
 * Web Lock, so that there is one. A key whose site data were cleared is gone, and
 * what it sealed with it: a record that stayed behind is `KeyUnavailable`.
 *
 * **Gotchas**
 *
 * A key that cannot be taken out can be used by every script of the origin. It
 * keeps tokens out of copies of the profile's files that were made without the
 * key, and out of what a script can send away; it is no defence against a script
 * that runs in the page.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
}): Effect.fn.Return<
  Keyring.Keyring["Service"],
  OAuthError.OAuthError,
  Aead.Aead | Scope.Scope | SecureRandom.SecureRandom
> {
  const random = yield* SecureRandom.SecureRandom
  const { key, name } = yield* Effect.mapError(
    Keys.getOrMake({
      database: options?.database,
      name: "seal",
      is: isKept,
      make: Effect.flatMap(
        random.uuidV4(),
        // a new key has a new name: what another sealed is then told from what was tampered with
        (id) => Effect.map(generate, (key) => ({ name: `k.${id.slice(0, 8)}`, key }))
      )
    }),
    (reason) => OAuthError.make("IndexedDbKeyring", "make", reason)
  )
  return yield* Keyring.fromCryptoKeys({ current: name, keys: { [name]: key } })
})

/**
 * A keyring of one key in IndexedDB, with WebCrypto; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: {
  readonly database?: string | undefined
}): Layer.Layer<Keyring.Keyring, OAuthError.OAuthError> =>
  Layer.effect(Keyring.Keyring, make(options)).pipe(
    Layer.provide(Aead.layerWebCrypto),
    Layer.provide(SecureRandom.layerWebCrypto)
  )

const isKept = Schema.is(Schema.Struct({ name: Schema.String, key: Schema.instanceOf(CryptoKey) }))

const generate: Effect.Effect<CryptoKey, OAuthError.KeyUnavailable> = Effect.flatMap(
  WebCrypto,
  ({ subtle }) =>
    Effect.tryPromise({
      try: () => subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
      catch: () => new OAuthError.KeyUnavailable({ use: "seal" })
    })
)
