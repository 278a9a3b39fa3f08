/**
 * No dress at all: the provider as it is, for clients that discover it (OpenID
 * Connect Discovery, RFC 8414).
 */
import * as Effect from "effect/Effect"
import * as Dress from "../Dress.ts"
import * as Engine from "../Engine.ts"
import type { Name } from "../Registration.ts"
import { oidcScopes } from "../Registration.ts"

/** The path below which the provider stands. */
export const mount = "/oidc"

const names: ReadonlyArray<Name> = ["oidc-confidential", "oidc-public", "oidc-device", "oidc-service"]

/** Makes the dress. */
export const make = Effect.fnUntraced(function*(cloth: Dress.Cloth): Effect.fn.Return<Dress.Dress> {
  const engine = yield* Engine.make({
    origin: cloth.origin,
    mount,
    configuration: Dress.configuration(cloth, {
      name: "oidc",
      mount,
      clients: names.map((name) => cloth.registrations[name]),
      scopes: oidcScopes,
      offlineScope: "offline_access",
      routes: {},
      features: {
        deviceFlow: Dress.deviceFlow("****-****", "base-20"),
        clientCredentials: { enabled: true },
        dPoP: { enabled: true },
        introspection: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
        pushedAuthorizationRequests: { enabled: true },
        revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
        userinfo: { enabled: true }
      },
      claims: {
        openid: ["sub"],
        profile: ["name", "given_name", "family_name"],
        email: ["email", "email_verified"]
      }
    })
  })
  return {
    name: "oidc",
    mount,
    engine,
    endpoint: Dress.endpoints({
      "/auth": "authorization",
      "/token": "token",
      "/token/revocation": "revocation",
      "/token/introspection": "introspection",
      "/me": "userinfo",
      "/jwks": "metadata",
      "/request": "authorization",
      "/device/auth": "device-authorization",
      "/device": "page",
      "/.well-known/openid-configuration": "metadata",
      "/.well-known/oauth-authorization-server": "metadata"
    }),
    request: () => Effect.undefined,
    answer: (_, answer) => answer,
    callback: () => {}
  }
})
