/**
 * DocuSign: which host an account's API has is what userinfo says: add it to your client.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * DocuSign.
 *
 * @category providers
 * @since 0.1.0
 */
export const docusign: Encoded = {
  provider: "docusign",
  authorizationEndpoint: "https://account.docusign.com/oauth/auth",
  tokenEndpoint: "https://account.docusign.com/oauth/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://account.docusign.com", "https://www.docusign.net"],
  sources: [{
    url: "https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints and HTTP Basic."
  }]
}
