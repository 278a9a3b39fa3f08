/**
 * The DPoP key of an origin (RFC 9449): made once, kept in IndexedDB, and never
 * to be taken out. A grant that is bound to it survives a reload, and is of no
 * use elsewhere.
 *
 * @since 0.1.0
 */
import * as Dpop from "@effect-oauth/core/Dpop"
import * as DpopKey from "@effect-oauth/core/DpopKey"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Keys from "./internal/keys.ts"

/**
 * The key of this origin; the first tab that needs it makes it. Tabs take turns
 * by a Web Lock, so that there is one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
  /** What a new key signs by; `"ES256"`. A key that is there already stays. */
  readonly algorithm?: DpopKey.Algorithm | undefined
}): Effect.fn.Return<DpopKey.DpopKey, OAuthError.OAuthError, Digest.Digest> {
  const pair = yield* Effect.scoped(Keys.getOrMake({
    database: options?.database,
    name: "dpop",
    is: isPair,
    make: DpopKey.generateKeyPair(options?.algorithm)
  })).pipe(
    Effect.mapError((error) =>
      OAuthError.isOAuthError(error) ? error : OAuthError.make("IndexedDbDpopKey", "make", error)
    )
  )
  return yield* DpopKey.fromKeyPair(pair)
})

/**
 * Proves with the key of this origin; see {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Dpop.Options & {
    readonly database?: string | undefined
    readonly algorithm?: DpopKey.Algorithm | undefined
  }
): Layer.Layer<Dpop.Dpop, OAuthError.OAuthError> => Dpop.layerKey(make(options), options)

const isPair = Schema.is(
  Schema.Struct({ privateKey: Schema.instanceOf(CryptoKey), publicKey: Schema.instanceOf(CryptoKey) })
)
