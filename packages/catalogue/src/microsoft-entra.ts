/**
 * Microsoft Entra: an access token is for one resource, one refresh token for all that were consented to. A
 * renewal repeats the scope, which names the resource.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Microsoft Entra.
 *
 * @category providers
 * @since 0.1.0
 */
export const microsoftEntra: Encoded = {
  provider: "microsoft-entra",
  issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
  issuerClaims: { tenantid: "tid" },
  authorizationEndpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
  tokenEndpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
  deviceAuthorizationEndpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
  jwksUri: "https://login.microsoftonline.com/{tenant}/discovery/v2.0/keys",
  clientAuthentication: "post",
  apiOrigins: ["https://graph.microsoft.com"],
  variables: {
    tenant: { description: "common, organizations, consumers, or the tenant's identifier or domain", default: "common" }
  },
  dialect: { refreshToken: { scope: "asked" }, response: { refreshIn: "refresh_in" } },
  rotation: { policy: "static" },
  sources: [{
    url: "https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    read: "2026-11-29",
    standing: "documented",
    about:
      "Endpoints and tenants; the scopes of a request are of one resource; presenting a refresh token does not spend it, and the newest one is to be kept; offline_access. Read in github.com/MicrosoftDocs/entra-docs."
  }, {
    url:
      "https://github.com/AzureAD/microsoft-authentication-library-for-js/blob/dev/lib/msal-common/src/response/ResponseHandler.ts",
    read: "2026-11-29",
    standing: "documented",
    about: "refresh_in, in seconds: from when a token is renewed ahead, beside expires_in."
  }, {
    url: "https://github.com/nextauthjs/next-auth/blob/main/packages/core/src/providers/microsoft-entra-id.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about:
      "The issuer that is discovered under common has a place for the tenant, which the claim tid fills; the keys' address."
  }]
}
