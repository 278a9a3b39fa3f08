/**
 * A provider that no package knows: Acme Photos. What its documentation says of
 * OAuth is data; that it wants each token request signed is a hook.
 */
import type { EndpointRequest } from "@effect-oauth/core"
import { type Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Clock, Effect, Redacted } from "effect"
import { createHmac } from "node:crypto"

const description: Description.Encoded = {
  provider: "acme-photos",
  authorizationEndpoint: "https://acme.example/oauth/authorize",
  tokenEndpoint: "https://acme.example/oauth/token",
  revocationEndpoint: "https://acme.example/oauth/revoke",
  clientAuthentication: "post",
  apiOrigins: ["https://api.acme.example"],
  dialect: {
    // "photos.read,photos.write"
    authorization: { scopeSeparator: "," },
    // { "data": { "accessToken": …, "expiresIn": minutes } }
    answers: {
      path: "data",
      names: { access_token: "accessToken", refresh_token: "refreshToken", expires_in: "expiresIn" },
      lifetime: "minutes",
      errorCodes: { token_gone: "invalid_grant" }
    },
    response: { defaultTokenType: "Bearer" }
  },
  rotation: { policy: "rotating" },
  hooks: { onRequest: "Signs the time of each request, by HMAC." },
  sources: [{ url: "https://acme.example/docs/oauth", read: "2026-11-29", standing: "documented" }]
}

export interface Options {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted
  /** What requests are signed with, from Acme's console. */
  readonly signingKey: Redacted.Redacted
}

/** The server, and how the client authenticates: what `OAuthClient.layer` wants of a provider. */
export const layer = ({ clientId, clientSecret, signingKey }: Options) =>
  GenericRfc6749.layerDescription({ description, clientId, clientSecret, onRequest: sign(signingKey) })

const sign = (key: Redacted.Redacted): EndpointRequest.OnRequest => (request) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const time = String(Math.floor(now / 1000))
    const signature = createHmac("sha256", Redacted.value(key)).update(`${time}.${request.url}`).digest("hex")
    return { ...request, headers: { ...request.headers, "x-acme-time": time, "x-acme-signature": signature } }
  })
