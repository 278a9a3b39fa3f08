/**
 * bshaffer/oauth2-server-php 1.14.2 in small: its token endpoint and its revocation as they answer, in the order in which
 * they check. What it was made from: https://github.com/bshaffer/oauth2-server-php at 1c715c2.
 */
import { TestHttp } from "@effect-oauth/core/testing"

export interface Options {
  /** `always_issue_new_refresh_token`. */
  readonly alwaysIssue: boolean
  /** `unset_refresh_token_after_use`. */
  readonly unsetAfterUse: boolean
  /** `access_lifetime`, a number or a text as it stands in the configuration; 3600. */
  readonly accessLifetime?: number | string
  readonly client?: { readonly id: string; readonly secret: string }
}

/** Makes one that knows the code `c-1`. */
export const make = (options: Options) => {
  const { accessLifetime = 3600, client = { id: "app", secret: "s" } } = options
  const codes = new Set(["c-1"])
  const refreshTokens = new Map<string, string | undefined>()
  let issued = 0

  const tokens = (scope: string | undefined, withRefreshToken: boolean): TestHttp.Answer => {
    issued++
    if (withRefreshToken) refreshTokens.set(`r-${issued}`, scope)
    return TestHttp.json({
      access_token: `a-${issued}`,
      expires_in: accessLifetime,
      token_type: "Bearer",
      scope: scope ?? null,
      ...(withRefreshToken ? { refresh_token: `r-${issued}` } : {})
    })
  }

  const refused = (error: string, description: string): TestHttp.Answer =>
    TestHttp.json({ error, error_description: description }, { status: 400 })

  const authenticated = ({ headers, parameters }: TestHttp.Request): boolean => {
    const basic = /^Basic (.+)$/.exec(headers["authorization"] ?? "")?.[1]
    // exactly one colon, and nothing is decoded; Basic wins over the body
    const parts = basic === undefined ? undefined : atob(basic).split(":")
    if (parts !== undefined) return parts.length === 2 && parts[0] === client.id && parts[1] === client.secret
    return parameters["client_id"] === client.id && parameters["client_secret"] === client.secret
  }

  return (request: TestHttp.Request): TestHttp.Answer => {
    const { parameters, url } = request
    if (url.endsWith("/revoke")) return TestHttp.json({ revoked: true })
    const grantType = parameters["grant_type"]
    if (grantType === undefined) {
      return refused("invalid_request", "The grant type was not specified in the request")
    }
    if (grantType !== "authorization_code" && grantType !== "refresh_token") {
      return refused("unsupported_grant_type", `Grant type "${grantType}" not supported`)
    }
    // the client is looked at before the refresh token
    if (!authenticated(request)) return refused("invalid_client", "The client credentials are invalid")
    if (grantType === "authorization_code") {
      return codes.delete(parameters["code"] ?? "")
        ? tokens(undefined, true)
        : refused("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
    }
    const presented = parameters["refresh_token"] ?? ""
    if (!refreshTokens.has(presented)) return refused("invalid_grant", "Invalid refresh token")
    const scope = refreshTokens.get(presented)
    if (parameters["scope"] !== undefined && parameters["scope"] !== scope) {
      return refused("invalid_scope", "The scope requested is invalid for this request")
    }
    if (options.unsetAfterUse) refreshTokens.delete(presented)
    return tokens(scope, options.alwaysIssue)
  }
}
