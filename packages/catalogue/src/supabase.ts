/**
 * Supabase: the Management API, for a person's organizations and projects.
 *
 * @since 0.1.0
 */
import type { Encoded } from "@effect-oauth/generic-rfc6749/Description"

/**
 * Supabase.
 *
 * @category providers
 * @since 0.1.0
 */
export const supabase: Encoded = {
  provider: "supabase",
  authorizationEndpoint: "https://api.supabase.com/v1/oauth/authorize",
  tokenEndpoint: "https://api.supabase.com/v1/oauth/token",
  clientAuthentication: "basic",
  apiOrigins: ["https://api.supabase.com"],
  sources: [{
    url: "https://supabase.com/docs/guides/integrations/build-a-supabase-oauth-integration",
    read: "2026-11-29",
    standing: "documented",
    about: "Endpoints, HTTP Basic, PKCE; scopes are the application's. Read in github.com/supabase/supabase."
  }]
}
