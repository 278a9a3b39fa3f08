/**
 * The providers that are known, and what is particular to each.
 */
import type { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import { FrameIo, FrameIoC2c, FrameIoLegacy } from "@effect-oauth/frameio"
import type * as Layer from "effect/Layer"

/** A provider, for people. */
export interface Known {
  readonly name: string
  readonly title: string
  readonly clients: string
  readonly login: string
  readonly scopes: ReadonlyArray<string>
  readonly layer: Layer.Layer<AuthorizationServer, OAuthError> | undefined
}

/** The providers. */
export const known: ReadonlyArray<Known> = [
  {
    name: "frameio",
    title: "Frame.io V4, by Adobe IMS",
    clients: "--kind web-app (a secret), spa and native (none), s2s (a service)",
    login: "by paste: Adobe accepts no address on this machine; needs --redirect-uri as registered",
    scopes: FrameIo.scopes,
    layer: FrameIo.layerAuthorizationServer
  },
  {
    name: "frameio-legacy",
    title: "Frame.io's legacy API (V2)",
    clients: "with a secret (Basic), or with PKCE and none",
    login: "by the browser and this machine, where such a redirect URI is registered; else by paste",
    scopes: FrameIoLegacy.scopes,
    layer: FrameIoLegacy.layerAuthorizationServer
  },
  {
    name: "frameio-c2c",
    title: "Frame.io Camera to Cloud",
    clients: "a device, with the secret of its model",
    login: "by a code that is entered elsewhere",
    scopes: FrameIoC2c.scopes,
    layer: FrameIoC2c.layerAuthorizationServer
  },
  {
    name: "generic",
    title: "any OAuth 2 server: --issuer, --description, or its endpoints",
    clients: "any: --client-authentication none, basic, basic-raw or post; --kind s2s for a service",
    login: "by the browser and this machine, by paste, or by a code (--device)",
    scopes: [],
    layer: undefined
  }
]
