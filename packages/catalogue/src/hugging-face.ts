/**
 * Hugging Face: Sign in with Hugging Face.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Hugging Face.
 *
 * @category providers
 * @since 0.1.0
 */
export const huggingFace: Encoded = {
  provider: "hugging-face",
  authorizationEndpoint: "https://huggingface.co/oauth/authorize",
  tokenEndpoint: "https://huggingface.co/oauth/token",
  userinfoEndpoint: "https://huggingface.co/oauth/userinfo",
  clientAuthentication: "basic",
  apiOrigins: ["https://huggingface.co"],
  sources: [{
    url: "https://github.com/better-auth/better-auth/blob/main/packages/core/src/social-providers/huggingface.ts",
    read: "2026-11-29",
    standing: "from third parties",
    about: "Endpoints."
  }]
}
