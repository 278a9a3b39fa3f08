/** An application of a public client, as a page and a worker have it. */
import { BrowserStorage, IndexedDbDpopKey } from "@effect-oauth/browser"
import {
  type Dpop,
  OAuthClient,
  type OAuthError,
  OAuthHttpClient,
  RefreshPolicy,
  RotationPolicy
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Layer } from "effect"

/** Where the grant is kept: with the tab, shared by all tabs, or shared and bound to the key of the origin. */
export type Kind = "bound" | "shared" | "tab"

// a tab that was closed in the middle is soon passed
const policy = RefreshPolicy.layer({ lease: "2 seconds", settle: "500 millis", sendReserve: "500 millis" })

/** Everything of the application. */
export const layer = (kind: Kind, issuer: string) =>
  OAuthClient.layerWith().pipe(
    Layer.provideMerge(GenericRfc6749.layerDiscoveryLoopback({
      issuer,
      clientId: kind === "bound" ? "bound" : "page",
      rotation: RotationPolicy.rotating({ patience: "1 second" })
    })),
    Layer.provideMerge(kind === "tab" ? BrowserStorage.layerTab() : BrowserStorage.layerShared()),
    Layer.provide(policy),
    Layer.provide(proofs(kind)),
    Layer.provide(OAuthHttpClient.layerFetch)
  )

const proofs = (kind: Kind): Layer.Layer<never> | Layer.Layer<Dpop.Dpop, OAuthError.OAuthError> =>
  kind === "bound" ? IndexedDbDpopKey.layer() : Layer.empty
