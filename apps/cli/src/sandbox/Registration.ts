/**
 * The clients that the sandbox knows: what a developer console would show.
 */
import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"
import type { ClientMetadata } from "oidc-provider"

/** The clients by name. */
export type Name =
  | "v4-web-app"
  | "v4-single-page-app"
  | "v4-native-app"
  | "v4-server-to-server"
  | "legacy-confidential"
  | "legacy-public"
  | "camera"
  | "oidc-confidential"
  | "oidc-public"
  | "oidc-device"
  | "oidc-service"

/** A client as it was registered. */
export interface Registration {
  readonly name: Name
  /** What it is, in words. */
  readonly title: string
  readonly clientId: string
  /** Random, made when the sandbox starts; clients without one are public. */
  readonly clientSecret?: Redacted.Redacted | undefined
  /** The first is the default. */
  readonly redirectUris: ReadonlyArray<string>
  /** What it may ask for. */
  readonly scopes: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  /** Native clients may use any port of a registered loopback address (RFC 8252, section 7.3). */
  readonly applicationType: "web" | "native"
}

/** All clients by name. */
export type Registrations = Readonly<Record<Name, Registration>>

/** The grant type of RFC 8628. */
export const deviceCode = "urn:ietf:params:oauth:grant-type:device_code"

/** What a person may grant at V4 (Adobe IMS). */
export const v4Scopes: ReadonlyArray<string> = [
  "openid",
  "AdobeID",
  "email",
  "profile",
  "offline_access",
  "additional_info.roles"
]

/** What a service may ask for at V4. */
export const v4ServiceScopes: ReadonlyArray<string> = ["openid", "AdobeID", "frame.s2s.all"]

/** What a person may grant at the legacy server. No complete list is public. */
export const legacyScopes: ReadonlyArray<string> = [
  "offline",
  "account.read",
  ...["action", "asset", "comment", "project", "reviewlink"].flatMap((resource) =>
    ["create", "read", "update", "delete"].map((action) => `${resource}.${action}`)
  ),
  ...["create", "read", "update"].map((action) => `team.${action}`),
  "device.connect"
]

/** What a device may ask for. */
export const cameraScopes: ReadonlyArray<string> = ["asset_create", "offline"]

/** The scopes of the server without a dress. */
export const oidcScopes: ReadonlyArray<string> = ["openid", "offline_access", "email", "profile", "read", "write"]

/**
 * Where a V4 login ends: nowhere, since the name can never be resolved. The
 * address is for pasting.
 */
export const pasteRedirectUri = "https://frameio-sandbox.invalid/callback"

/** Where a login of a native client may end, at any port. */
export const loopbackRedirectUris: ReadonlyArray<string> = [
  "http://127.0.0.1/callback",
  "http://[::1]/callback",
  "http://localhost/callback"
]

/**
 * Registers all clients, with new secrets. `redirectUris` are added to those
 * that a client has.
 */
export const make = (
  redirectUris: { readonly [K in Name]?: ReadonlyArray<string> | undefined } = {}
): Registrations => {
  const withRefresh = ["authorization_code", "refresh_token"]
  const register = (registration: Omit<Registration, "clientId">): Registration => ({
    clientId: `sandbox-${registration.name}`,
    ...registration,
    redirectUris: [...registration.redirectUris, ...(redirectUris[registration.name] ?? [])]
  })
  return {
    "v4-web-app": register({
      name: "v4-web-app",
      title: "V4, OAuth Web App",
      clientSecret: newSecret(),
      redirectUris: [pasteRedirectUri],
      scopes: v4Scopes,
      grantTypes: withRefresh,
      applicationType: "web"
    }),
    "v4-single-page-app": register({
      name: "v4-single-page-app",
      title: "V4, OAuth Single Page App",
      redirectUris: [pasteRedirectUri],
      scopes: v4Scopes,
      grantTypes: withRefresh,
      applicationType: "web"
    }),
    "v4-native-app": register({
      name: "v4-native-app",
      title: "V4, OAuth Native App",
      redirectUris: ["adobe+5a9d0b0c://adobeid/sandbox-v4-native-app", pasteRedirectUri],
      scopes: v4Scopes,
      grantTypes: withRefresh,
      applicationType: "native"
    }),
    "v4-server-to-server": register({
      name: "v4-server-to-server",
      title: "V4, OAuth Server-to-Server",
      clientSecret: newSecret(),
      redirectUris: [],
      scopes: v4ServiceScopes,
      grantTypes: ["client_credentials"],
      applicationType: "web"
    }),
    "legacy-confidential": register({
      name: "legacy-confidential",
      title: "legacy, with a client secret",
      clientSecret: newSecret(),
      redirectUris: loopbackRedirectUris,
      scopes: legacyScopes,
      grantTypes: withRefresh,
      applicationType: "native"
    }),
    "legacy-public": register({
      name: "legacy-public",
      title: "legacy, with PKCE",
      redirectUris: loopbackRedirectUris,
      scopes: legacyScopes,
      grantTypes: withRefresh,
      applicationType: "native"
    }),
    camera: register({
      name: "camera",
      title: "Camera to Cloud, a device of the sandbox's model",
      clientSecret: newSecret(),
      redirectUris: [],
      scopes: cameraScopes,
      grantTypes: [deviceCode, "refresh_token"],
      applicationType: "native"
    }),
    "oidc-confidential": register({
      name: "oidc-confidential",
      title: "OpenID Connect, with a client secret",
      clientSecret: newSecret(),
      redirectUris: loopbackRedirectUris,
      scopes: oidcScopes,
      grantTypes: withRefresh,
      applicationType: "native"
    }),
    "oidc-public": register({
      name: "oidc-public",
      title: "OpenID Connect, with PKCE",
      redirectUris: loopbackRedirectUris,
      scopes: oidcScopes,
      grantTypes: withRefresh,
      applicationType: "native"
    }),
    "oidc-device": register({
      name: "oidc-device",
      title: "OpenID Connect, a device",
      redirectUris: [],
      scopes: oidcScopes,
      grantTypes: [deviceCode, "refresh_token"],
      applicationType: "native"
    }),
    "oidc-service": register({
      name: "oidc-service",
      title: "OpenID Connect, a service",
      clientSecret: newSecret(),
      redirectUris: [],
      scopes: ["read", "write"],
      grantTypes: ["client_credentials"],
      applicationType: "web"
    })
  }
}

/** How oidc-provider is told. */
export const metadata = (self: Registration): ClientMetadata => ({
  client_id: self.clientId,
  client_name: self.title,
  ...(self.clientSecret === undefined
    ? { token_endpoint_auth_method: "none" }
    : { client_secret: Redacted.value(self.clientSecret), token_endpoint_auth_method: "client_secret_basic" }),
  redirect_uris: [...self.redirectUris],
  grant_types: [...self.grantTypes],
  response_types: self.grantTypes.includes("authorization_code") ? ["code"] : [],
  application_type: self.applicationType,
  scope: self.scopes.join(" ")
})

const newSecret = (): Redacted.Redacted =>
  Redacted.make(`sandbox-secret-${Crypto.randomBytes(24).toString("base64url")}`)
