/**
 * Where a page keeps grants: with the page, or shared by all tabs of the origin.
 *
 * @since 0.1.0
 */
import * as EncryptedPendingAuthorizations from "@effect-oauth/core/EncryptedPendingAuthorizations"
import * as EncryptedTokenStore from "@effect-oauth/core/EncryptedTokenStore"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import type { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"
import * as IndexedDbKeyring from "./IndexedDbKeyring.ts"
import * as IndexedDbPendingAuthorizations from "./IndexedDbPendingAuthorizations.ts"
import * as IndexedDbTokenStore from "./IndexedDbTokenStore.ts"

/**
 * Grants that live and end with the page: each tab has its own. Only logins that
 * are under way are kept, sealed, since they leave the page.
 *
 * **When to use**
 *
 * Use it unless a reload must not ask the person again: what is kept nowhere can
 * be taken from nowhere.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTab = (options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
}): Layer.Layer<PendingAuthorizations | TokenStore.TokenStore, OAuthError.OAuthError> =>
  Layer.merge(TokenStore.layerMemory, Layer.provide(pending(options), IndexedDbKeyring.layer(options)))

/**
 * Grants that all tabs and workers of the origin share, and that survive a
 * reload: in IndexedDB, sealed with a key that no script can take out. Of all
 * tabs, one renews.
 *
 * **Gotchas**
 *
 * A script that runs in the page can use whatever the page can use. Where that
 * is not to be risked, tokens stay at a backend (RFC 10017, section 6.1).
 *
 * @category layers
 * @since 0.1.0
 */
export const layerShared = (options?: {
  /** The name of the database; `"effect-oauth"`. */
  readonly database?: string | undefined
}): Layer.Layer<PendingAuthorizations | TokenStore.TokenStore, OAuthError.OAuthError> =>
  EncryptedTokenStore.layer().pipe(
    Layer.provide(Layer.provide(IndexedDbTokenStore.layer(options), SecureRandom.layerWebCrypto)),
    Layer.merge(pending(options)),
    Layer.provide(IndexedDbKeyring.layer(options))
  )

const pending = (options: { readonly database?: string | undefined } | undefined) =>
  Layer.provide(EncryptedPendingAuthorizations.layer, IndexedDbPendingAuthorizations.layer(options))
