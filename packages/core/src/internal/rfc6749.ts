/**
 * What a login does where its server deviates in nothing. Apart from the modules that do it, since every server's
 * description holds these rules, and not every program has logins.
 */
import type * as AuthorizationRequest from "../AuthorizationRequest.ts"
import type * as AuthorizationResponse from "../AuthorizationResponse.ts"

export const authorizationRequest: AuthorizationRequest.Rules = {
  scopeSeparator: " ",
  parameters: {},
  pkce: "S256",
  issuer: "optional",
  responseType: "code",
  names: {},
  offlineScope: "offline_access",
  scopeEncoding: "percent",
  pushed: "offered",
  signed: "offered",
  responseMode: "plain",
  privateScheme: "reversed-domain",
  fragment: "refused"
}

export const authorizationResponse: AuthorizationResponse.Rules = { names: {}, keep: [] }
