/**
 * Where grants are kept: files of this machine, shared by any number of commands.
 */
import { Escrow } from "@effect-oauth/core/Escrow"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import type { PendingAuthorizations } from "@effect-oauth/core/PendingAuthorizations"
import type { TokenStore } from "@effect-oauth/core/TokenStore"
import { FileEscrow, FilePendingAuthorizations, FileTokenStore } from "@effect-oauth/node"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Layer from "effect/Layer"

/** The stores of a directory. */
export const layer = (directory: string): Layer.Layer<Escrow | PendingAuthorizations | TokenStore, OAuthError> =>
  Layer.mergeAll(
    FileTokenStore.layer({ directory }),
    FileEscrow.layer({ directory }),
    FilePendingAuthorizations.layer({ directory })
  ).pipe(Layer.provide(SecureRandom.layerWebCrypto))

export { Escrow }
