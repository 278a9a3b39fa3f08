/**
 * What real providers do differently, each as a description and the exchanges that it leads to. The facts are those of
 * their documentation and of clients that are used with them; no server of theirs was asked.
 */
import type { RecordedExchange } from "@effect-oauth/core/testing"
import type { Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { Effect, Redacted } from "effect"

/** A provider and what shows its deviations. */
export interface Quirk extends Partial<RecordedExchange.Recording> {
  readonly title: string
  readonly description: Omit<Description.Encoded, "provider">
  readonly variables?: Readonly<Record<string, string>>
  /** What data cannot say of it. */
  readonly hook?: Partial<GenericRfc6749.DescriptionOptions>
}

const basic = { authorization: "Basic YXBwOnMtM2NyM3Q=" }
const post = { client_id: "app", client_secret: "s-3cr3t" }
const unproven = { grant_type: "authorization_code", code: "c-1", redirect_uri: "https://client.test/callback" }
const code = { ...unproven, code_verifier: "~" }
const renewal = { grant_type: "refresh_token", refresh_token: "r-1" }
const first = { access_token: "a-1", token_type: "Bearer", expires_in: 3600, refresh_token: "r-1" }
const second = { access_token: "a-2", token_type: "Bearer", expires_in: 3600, refresh_token: "r-2" }
const given = { token: "a-1", renewable: true, expiresIn: 3600 }
const renewed = { token: "a-2", renewable: true, expiresIn: 3600 }

const signer: NonNullable<GenericRfc6749.DescriptionOptions["signer"]> = ({ audience, issuer, subject }) =>
  Effect.succeed({ value: Redacted.make(`${issuer}.${subject}.${audience}`), basis: Redacted.make("key-1") })

/** All of them, in the order of the list. */
export const quirks: ReadonlyArray<Quirk> = [
  {
    title: "GitHub",
    description: {
      authorizationEndpoint: "https://github.com/login/oauth/authorize",
      tokenEndpoint: "https://github.com/login/oauth/access_token",
      clientAuthentication: "post",
      variables: { app: { description: "What the application is called" } },
      dialect: {
        requests: { all: { headers: { "User-Agent": "{app}" } } },
        response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_token_expires_in" },
        answers: { errorCodes: { bad_refresh_token: "invalid_grant", bad_verification_code: "invalid_grant" } }
      },
      rotation: { policy: "rotating" }
    },
    variables: { app: "my-app" },
    login: [{
      request: {
        url: "https://github.com/login/oauth/access_token",
        parameters: { ...code, ...post },
        headers: { accept: "application/json", "user-agent": "my-app" }
      },
      answer: { body: { ...first, token_type: "bearer", scope: "repo,user", refresh_token_expires_in: 15_724_800 } }
    }],
    gives: { ...given, scopes: ["repo", "user"] },
    refresh: {
      request: { url: "https://github.com/login/oauth/access_token", parameters: { ...renewal, ...post } },
      answer: { body: second },
      gives: renewed
    },
    refused: { body: { error: "bad_refresh_token", error_description: "The refresh token is incorrect or expired." } }
  },
  {
    title: "Slack",
    description: {
      authorizationEndpoint: "https://slack.com/oauth/v2/authorize",
      tokenEndpoint: "https://slack.com/api/oauth.v2.access",
      dialect: {
        authorization: { scopeSeparator: ",", parameters: { user_scope: "search:read" } },
        authorizationCode: { parts: { user: "authed_user" } },
        response: { scopeSeparator: "," },
        answers: {
          success: { path: "ok", equals: [true] },
          tokenTypes: { bot: "Bearer", user: "Bearer" },
          errorCodes: { invalid_refresh_token: "invalid_grant" }
        }
      },
      rotation: { policy: "rotating" }
    },
    scopes: ["chat:write", "users:read"],
    authorization: { scope: "chat:write,users:read", user_scope: "search:read" },
    login: [{
      request: { url: "https://slack.com/api/oauth.v2.access", parameters: code, headers: basic },
      answer: {
        body: {
          ok: true,
          ...first,
          token_type: "bot",
          scope: "chat:write,users:read",
          authed_user: { id: "U1", access_token: "u-1", token_type: "user", expires_in: 3600, refresh_token: "r-u-1" }
        }
      }
    }],
    gives: { ...given, scopes: ["chat:write", "users:read"], parts: { user: "u-1" } },
    refresh: {
      request: { url: "https://slack.com/api/oauth.v2.access", parameters: renewal, headers: basic },
      answer: { body: { ok: true, ...second, token_type: "bot" } },
      gives: renewed
    },
    refused: { body: { ok: false, error: "invalid_refresh_token" } }
  },
  {
    title: "Facebook",
    description: {
      authorizationEndpoint: "https://www.facebook.com/dialog/oauth",
      tokenEndpoint: "https://graph.facebook.com/oauth/access_token",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: "," },
        refreshToken: { presents: "access_token", grantType: "fb_exchange_token" },
        requests: {
          token: { method: "GET" },
          refreshToken: { names: { refresh_token: "fb_exchange_token" } }
        },
        response: { defaultTokenType: "Bearer" },
        answers: { format: "form", names: { expires_in: "expires" } }
      },
      rotation: { policy: "static" }
    },
    login: [{
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.facebook.com/oauth/access_token",
        parameters: { ...code, ...post }
      },
      answer: { headers: { "content-type": "text/plain; charset=UTF-8" }, body: "access_token=a-1&expires=3600" }
    }],
    gives: given,
    refresh: {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.facebook.com/oauth/access_token",
        parameters: { grant_type: "fb_exchange_token", fb_exchange_token: "a-1", ...post }
      },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Instagram",
    description: {
      authorizationEndpoint: "https://www.instagram.com/oauth/authorize",
      tokenEndpoint: "https://api.instagram.com/oauth/access_token",
      refreshEndpoint: "https://graph.instagram.com/refresh_access_token",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: "," },
        authorizationCode: {
          then: {
            endpoint: "https://graph.instagram.com/access_token",
            grantType: "ig_exchange_token",
            parameter: "access_token"
          }
        },
        refreshToken: { presents: "access_token", grantType: "ig_refresh_token" },
        requests: {
          then: { method: "GET", omit: ["client_id"] },
          refreshToken: { method: "GET", credentials: "omitted", names: { refresh_token: "access_token" } }
        },
        response: { defaultTokenType: "Bearer" }
      },
      rotation: { policy: "static" }
    },
    login: [{
      request: { url: "https://api.instagram.com/oauth/access_token", parameters: { ...code, ...post } },
      answer: { body: { access_token: "short", user_id: 1 } }
    }, {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.instagram.com/access_token",
        parameters: { grant_type: "ig_exchange_token", access_token: "short", client_secret: "s-3cr3t" }
      },
      answer: { body: { access_token: "a-1", token_type: "bearer", expires_in: 5_183_944 } }
    }],
    gives: { ...given, expiresIn: 5_183_944 },
    refresh: {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.instagram.com/refresh_access_token",
        parameters: { grant_type: "ig_refresh_token", access_token: "a-1" }
      },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 5_183_944 } },
      gives: { ...renewed, expiresIn: 5_183_944 }
    }
  },
  {
    title: "Threads",
    description: {
      authorizationEndpoint: "https://threads.net/oauth/authorize",
      tokenEndpoint: "https://graph.threads.net/oauth/access_token",
      refreshEndpoint: "https://graph.threads.net/refresh_access_token",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: "," },
        authorizationCode: {
          then: {
            endpoint: "https://graph.threads.net/access_token",
            grantType: "th_exchange_token",
            parameter: "access_token"
          }
        },
        refreshToken: { presents: "access_token", grantType: "th_refresh_token" },
        requests: {
          then: { method: "GET", omit: ["client_id"] },
          refreshToken: { method: "GET", credentials: "omitted", names: { refresh_token: "access_token" } }
        },
        response: { defaultTokenType: "Bearer" }
      },
      rotation: { policy: "static" }
    },
    login: [{
      request: { url: "https://graph.threads.net/oauth/access_token", parameters: { ...code, ...post } },
      answer: { body: { access_token: "short", user_id: 1 } }
    }, {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.threads.net/access_token",
        parameters: { grant_type: "th_exchange_token", access_token: "short", client_secret: "s-3cr3t" }
      },
      answer: { body: { access_token: "a-1", token_type: "bearer", expires_in: 5_183_944 } }
    }],
    gives: { ...given, expiresIn: 5_183_944 },
    refresh: {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://graph.threads.net/refresh_access_token",
        parameters: { grant_type: "th_refresh_token", access_token: "a-1" }
      },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 5_183_944 } },
      gives: { ...renewed, expiresIn: 5_183_944 }
    }
  },
  {
    title: "TikTok",
    description: {
      authorizationEndpoint: "https://www.tiktok.com/v2/auth/authorize/",
      tokenEndpoint: "https://open.tiktokapis.com/v2/oauth/token/",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: ",", names: { client_id: "client_key" } },
        requests: { all: { names: { client_id: "client_key" } } },
        response: { scopeSeparator: ",", refreshTokenExpiresIn: "refresh_expires_in" }
      },
      rotation: { policy: "rotating" }
    },
    scopes: ["user.info.basic", "video.list"],
    authorization: { client_key: "app", scope: "user.info.basic,video.list" },
    login: [{
      request: {
        url: "https://open.tiktokapis.com/v2/oauth/token/",
        parameters: { ...code, client_key: "app", client_secret: "s-3cr3t" }
      },
      answer: {
        body: { ...first, scope: "user.info.basic,video.list", open_id: "o-1", refresh_expires_in: 31_536_000 }
      }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://open.tiktokapis.com/v2/oauth/token/",
        parameters: { ...renewal, client_key: "app", client_secret: "s-3cr3t" }
      },
      answer: { body: second },
      gives: renewed
    }
  },
  {
    title: "TikTok for Business",
    description: {
      authorizationEndpoint: "https://business-api.tiktok.com/portal/auth",
      tokenEndpoint: "https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
      clientAuthentication: "post",
      dialect: {
        authorization: { pkce: "none", names: { client_id: "app_id" } },
        authorizationCode: { redirectUri: "omitted" },
        requests: {
          token: {
            encoding: "json",
            names: { client_id: "app_id", client_secret: "secret", code: "auth_code" },
            omit: ["grant_type"]
          }
        },
        response: { defaultTokenType: "Bearer" },
        answers: { path: "data", success: { path: "code", equals: [0] }, errorDescription: "message", scope: "ignored" }
      }
    },
    authorization: { app_id: "app" },
    callback: { auth_code: "c-1", code: "c-1" },
    login: [{
      request: {
        encoding: "json",
        url: "https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/",
        parameters: { app_id: "app", secret: "s-3cr3t", auth_code: "c-1" }
      },
      answer: { body: { code: 0, message: "OK", data: { access_token: "a-1", scope: [1, 2], advertiser_ids: ["1"] } } }
    }],
    gives: { token: "a-1", renewable: false }
  },
  {
    title: "WeChat",
    description: {
      authorizationEndpoint: "https://open.weixin.qq.com/connect/qrconnect",
      tokenEndpoint: "https://api.weixin.qq.com/sns/oauth2/access_token",
      refreshEndpoint: "https://api.weixin.qq.com/sns/oauth2/refresh_token",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: ",", pkce: "none", names: { client_id: "appid" } },
        authorizationCode: { redirectUri: "omitted" },
        requests: {
          token: { method: "GET", names: { client_id: "appid", client_secret: "secret" } },
          refreshToken: { omit: ["client_secret"] }
        },
        response: { defaultTokenType: "Bearer", scopeSeparator: ",", keep: ["openid"] },
        answers: {
          format: "json-by-any-type",
          error: "errcode",
          errorDescription: "errmsg",
          errorCodes: { 40030: "invalid_grant", 42002: "invalid_grant" }
        }
      },
      rotation: { policy: "static" }
    },
    authorization: { appid: "app" },
    login: [{
      request: {
        method: "GET",
        encoding: "query",
        url: "https://api.weixin.qq.com/sns/oauth2/access_token",
        parameters: { grant_type: "authorization_code", code: "c-1", appid: "app", secret: "s-3cr3t" }
      },
      answer: {
        headers: { "content-type": "text/plain" },
        body: JSON.stringify({ access_token: "a-1", expires_in: 3600, refresh_token: "r-1", openid: "o-1" })
      }
    }],
    gives: given,
    refresh: {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://api.weixin.qq.com/sns/oauth2/refresh_token",
        parameters: { ...renewal, appid: "app" }
      },
      answer: { body: { access_token: "a-2", expires_in: 3600, refresh_token: "r-1" } },
      gives: renewed
    },
    refused: { body: { errcode: 42002, errmsg: "refresh_token expired" } }
  },
  {
    title: "Salesforce",
    description: {
      authorizationEndpoint: "https://{host}/services/oauth2/authorize",
      tokenEndpoint: "https://{host}/services/oauth2/token",
      introspectionEndpoint: "https://{host}/services/oauth2/introspect",
      clientAuthentication: "post",
      variables: { host: { default: "login.salesforce.com" } },
      dialect: {
        response: { defaultLifetime: "2 hours", apiOrigins: ["instance_url"], keep: ["issued_at"] },
        answers: {
          lifetime: "introspection",
          originPatterns: { instance_url: "https://[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.salesforce\\.com" }
        }
      }
    },
    login: [{
      request: { url: "https://login.salesforce.com/services/oauth2/token", parameters: { ...code, ...post } },
      answer: {
        body: {
          access_token: "a-1",
          refresh_token: "r-1",
          token_type: "Bearer",
          instance_url: "https://acme.my.salesforce.com",
          issued_at: "1700000000000"
        }
      }
    }, {
      request: {
        url: "https://login.salesforce.com/services/oauth2/introspect",
        parameters: { token: "a-1", token_type_hint: "access_token", ...post }
      },
      answer: { body: { active: true, exp: 7200 } }
    }],
    gives: { ...given, expiresIn: 7200 },
    refresh: {
      request: { url: "https://login.salesforce.com/services/oauth2/token", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", token_type: "Bearer", instance_url: "https://acme.my.salesforce.com" } },
      followedBy: [{
        request: {
          url: "https://login.salesforce.com/services/oauth2/introspect",
          parameters: { token: "a-2", token_type_hint: "access_token", ...post }
        },
        answer: { body: { active: true, exp: 9000 } }
      }],
      gives: { ...renewed, expiresIn: 9000 }
    },
    refused: { status: 400, body: { error: "invalid_grant", error_description: "expired access/refresh token" } }
  },
  {
    title: "Microsoft Entra",
    description: {
      issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
      issuerClaims: { tenantid: "tid" },
      authorizationEndpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize",
      tokenEndpoint: "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
      clientAuthentication: "post",
      variables: { tenant: { default: "common" } },
      dialect: {
        refreshToken: { scope: "asked" },
        response: { expiresIn: "number-or-digits", keep: ["ext_expires_in"] }
      },
      rotation: { policy: "static" },
      idleLifetime: "90 days"
    },
    scopes: ["offline_access", "User.Read"],
    login: [{
      request: {
        url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        parameters: { ...code, ...post }
      },
      answer: {
        body: { ...first, expires_in: "3600", ext_expires_in: "7200", refresh_in: "1800", scope: "User.Read" }
      }
    }],
    gives: { ...given, scopes: ["User.Read"] },
    refresh: {
      request: {
        url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        parameters: { ...renewal, scope: "offline_access User.Read", ...post }
      },
      answer: { body: { ...second, expires_in: "3600" } },
      gives: renewed
    },
    refused: { status: 400, body: { error: "invalid_grant", error_description: "AADSTS70008" } }
  },
  {
    title: "Google",
    description: {
      issuer: "https://accounts.google.com",
      authorizationEndpoint: "https://accounts.google.com/o/oauth2/v2/auth",
      tokenEndpoint: "https://oauth2.googleapis.com/token",
      clientAuthentication: "post",
      dialect: {
        authorization: { parameters: { access_type: "offline", prompt: "consent" } },
        response: { scopePolicy: "superset" }
      },
      rotation: { policy: "static" },
      idleLifetime: "180 days"
    },
    scopes: ["email"],
    authorization: { access_type: "offline", prompt: "consent" },
    login: [{
      request: { url: "https://oauth2.googleapis.com/token", parameters: { ...code, ...post } },
      answer: { body: { ...first, scope: "openid email" } }
    }],
    gives: { ...given, scopes: ["openid", "email"] },
    refresh: {
      request: { url: "https://oauth2.googleapis.com/token", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", token_type: "Bearer", expires_in: 3600 } },
      gives: renewed
    },
    refused: { status: 400, body: { error: "invalid_grant", error_description: "Token has been expired or revoked." } }
  },
  {
    title: "Apple",
    description: {
      authorizationEndpoint: "https://appleid.apple.com/auth/authorize",
      tokenEndpoint: "https://appleid.apple.com/auth/token",
      clientAuthentication: "jwtSecret",
      clientAssertion: { issuer: "{team}", audience: "https://appleid.apple.com", algorithm: "ES256" },
      variables: { team: { description: "The team's identifier" } },
      dialect: { authorization: { responseMode: "form_post" }, authorizationResponse: { keep: ["user"] } },
      rotation: { policy: "static" }
    },
    variables: { team: "TEAM" },
    hook: { signer },
    authorization: { response_mode: "form_post" },
    callback: { code: "c-1", user: "{\"name\":{\"firstName\":\"Ada\"}}" },
    login: [{
      request: {
        url: "https://appleid.apple.com/auth/token",
        parameters: { ...code, client_id: "app", client_secret: "TEAM.app.https://appleid.apple.com" }
      },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://appleid.apple.com/auth/token",
        parameters: { ...renewal, client_id: "app", client_secret: "TEAM.app.https://appleid.apple.com" }
      },
      answer: { body: { access_token: "a-2", token_type: "Bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Atlassian",
    description: {
      authorizationEndpoint: "https://auth.atlassian.com/authorize",
      tokenEndpoint: "https://auth.atlassian.com/oauth/token",
      clientAuthentication: "post",
      dialect: { authorization: { parameters: { audience: "api.atlassian.com", prompt: "consent" } } },
      rotation: { policy: "rotating" }
    },
    authorization: { audience: "api.atlassian.com", prompt: "consent" },
    login: [{
      request: { url: "https://auth.atlassian.com/oauth/token", parameters: { ...code, ...post } },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://auth.atlassian.com/oauth/token", parameters: { ...renewal, ...post } },
      answer: { body: second },
      gives: renewed
    },
    refused: { status: 403, body: { error: "invalid_grant", error_description: "Unknown or invalid refresh token." } }
  },
  {
    title: "Xero",
    description: {
      authorizationEndpoint: "https://login.xero.com/identity/connect/authorize",
      tokenEndpoint: "https://identity.xero.com/connect/token",
      rotation: { policy: "rotating", window: { duration: "30 minutes", idempotent: false } },
      idleLifetime: "60 days"
    },
    login: [{
      request: { url: "https://identity.xero.com/connect/token", parameters: code, headers: basic },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://identity.xero.com/connect/token", parameters: renewal, headers: basic },
      answer: { body: second },
      gives: renewed
    }
  },
  {
    title: "QuickBooks",
    description: {
      authorizationEndpoint: "https://appcenter.intuit.com/connect/oauth2",
      tokenEndpoint: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
      dialect: {
        authorizationResponse: { keep: ["realmId"] },
        response: { refreshTokenExpiresIn: "x_refresh_token_expires_in" }
      },
      rotation: { policy: "rotating" }
    },
    callback: { code: "c-1", realmId: "1234" },
    login: [{
      request: {
        url: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        parameters: code,
        headers: basic
      },
      answer: { body: { ...first, x_refresh_token_expires_in: 8_726_400 } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", parameters: renewal },
      answer: { body: { ...second, x_refresh_token_expires_in: 8_726_400 } },
      gives: renewed
    }
  },
  {
    title: "WorkOS",
    description: {
      authorizationEndpoint: "https://api.workos.com/user_management/authorize",
      tokenEndpoint: "https://api.workos.com/user_management/authenticate",
      clientAuthentication: "post",
      dialect: { response: { defaultTokenType: "Bearer" }, answers: { lifetime: "jwt" } },
      rotation: { policy: "rotating", window: { duration: "30 seconds", idempotent: true } }
    },
    login: [{
      request: { url: "https://api.workos.com/user_management/authenticate", parameters: { ...code, ...post } },
      answer: { body: { access_token: jwt({ iat: 0, exp: 300 }), refresh_token: "r-1" } }
    }],
    gives: { token: jwt({ iat: 0, exp: 300 }), renewable: true, expiresIn: 300 },
    refresh: {
      request: { url: "https://api.workos.com/user_management/authenticate", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: jwt({ iat: 60, exp: 660 }), refresh_token: "r-2" } },
      gives: { token: jwt({ iat: 60, exp: 660 }), renewable: true, expiresIn: 600 }
    }
  },
  {
    title: "AWS Cognito",
    description: {
      authorizationEndpoint: "https://{domain}/oauth2/authorize",
      tokenEndpoint: "https://{domain}/oauth2/token",
      variables: { domain: { description: "The user pool's domain" } },
      rotation: { policy: "rotating", window: { duration: "1 minute", idempotent: false } }
    },
    variables: { domain: "pool.auth.eu-west-1.amazoncognito.com" },
    login: [{
      request: { url: "https://pool.auth.eu-west-1.amazoncognito.com/oauth2/token", parameters: code },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://pool.auth.eu-west-1.amazoncognito.com/oauth2/token", parameters: renewal },
      answer: { body: { access_token: "a-2", token_type: "Bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Auth0 and Okta",
    description: {
      issuer: "https://{domain}/",
      authorizationEndpoint: "https://{domain}/authorize",
      tokenEndpoint: "https://{domain}/oauth/token",
      clientAuthentication: "post",
      variables: { domain: { description: "The tenant's domain" }, audience: { pattern: "https://[a-z0-9./-]+" } },
      dialect: { authorization: { parameters: { audience: "{audience}" } } },
      rotation: { policy: "rotating", window: { duration: "30 seconds", idempotent: false } }
    },
    variables: { domain: "acme.eu.auth0.com", audience: "https://api.acme.test" },
    authorization: { audience: "https://api.acme.test" },
    login: [{
      request: { url: "https://acme.eu.auth0.com/oauth/token", parameters: { ...code, ...post } },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://acme.eu.auth0.com/oauth/token", parameters: { ...renewal, ...post } },
      answer: { body: second },
      gives: renewed
    }
  },
  {
    title: "LinkedIn",
    description: {
      authorizationEndpoint: "https://www.linkedin.com/oauth/v2/authorization",
      tokenEndpoint: "https://www.linkedin.com/oauth/v2/accessToken",
      clientAuthentication: "post",
      dialect: {
        authorization: { pkce: "none" },
        response: {
          defaultTokenType: "Bearer",
          scopeSeparator: ",",
          refreshTokenExpiresIn: "refresh_token_expires_in"
        }
      },
      rotation: { policy: "static" }
    },
    login: [{
      request: { url: "https://www.linkedin.com/oauth/v2/accessToken", parameters: { ...unproven, ...post } },
      answer: {
        body: {
          access_token: "a-1",
          expires_in: 3600,
          refresh_token: "r-1",
          refresh_token_expires_in: 31_536_000,
          scope: "email,profile"
        }
      }
    }],
    gives: { ...given, scopes: ["email", "profile"] },
    refresh: {
      request: { url: "https://www.linkedin.com/oauth/v2/accessToken", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", expires_in: 3600, refresh_token: "r-1" } },
      gives: renewed
    }
  },
  {
    title: "eBay",
    description: {
      authorizationEndpoint: "https://auth.ebay.com/oauth2/authorize",
      tokenEndpoint: "https://api.ebay.com/identity/v1/oauth2/token",
      dialect: {
        response: { refreshTokenExpiresIn: "refresh_token_expires_in" },
        answers: { tokenTypes: { "User Access Token": "Bearer" } }
      },
      rotation: { policy: "static" }
    },
    login: [{
      request: { url: "https://api.ebay.com/identity/v1/oauth2/token", parameters: code, headers: basic },
      answer: { body: { ...first, token_type: "User Access Token", refresh_token_expires_in: 47_304_000 } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://api.ebay.com/identity/v1/oauth2/token", parameters: renewal, headers: basic },
      answer: { body: { access_token: "a-2", token_type: "User Access Token", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Fitbit",
    description: {
      authorizationEndpoint: "https://www.fitbit.com/oauth2/authorize",
      tokenEndpoint: "https://api.fitbit.com/oauth2/token",
      dialect: { answers: { error: "errors.0.errorType", errorDescription: "errors.0.message" } },
      rotation: { policy: "rotating" }
    },
    login: [{
      request: { url: "https://api.fitbit.com/oauth2/token", parameters: code, headers: basic },
      answer: { body: { ...first, user_id: "U1" } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://api.fitbit.com/oauth2/token", parameters: renewal, headers: basic },
      answer: { body: second },
      gives: renewed
    },
    refused: {
      status: 400,
      body: { errors: [{ errorType: "invalid_grant", message: "Refresh token invalid" }], success: false }
    }
  },
  {
    title: "Mailchimp",
    description: {
      authorizationEndpoint: "https://login.mailchimp.com/oauth2/authorize",
      tokenEndpoint: "https://login.mailchimp.com/oauth2/token",
      clientAuthentication: "post",
      dialect: { response: { expiresInZero: "never" } }
    },
    scopes: ["read"],
    login: [{
      request: { url: "https://login.mailchimp.com/oauth2/token", parameters: { ...code, ...post } },
      answer: { body: { access_token: "a-1", token_type: "bearer", expires_in: 0, scope: null } }
    }],
    gives: { token: "a-1", renewable: false, scopes: ["read"] }
  },
  {
    title: "Plentymarkets",
    description: {
      authorizationEndpoint: "https://{shop}/oauth/authorize",
      tokenEndpoint: "https://{shop}/rest/oauth/access_token",
      clientAuthentication: "post",
      variables: { shop: {} },
      dialect: {
        answers: {
          names: {
            access_token: "accessToken",
            token_type: "tokenType",
            expires_in: "expiresIn",
            refresh_token: "refreshToken"
          }
        }
      }
    },
    variables: { shop: "shop.example" },
    login: [{
      request: { url: "https://shop.example/rest/oauth/access_token", parameters: { ...code, ...post } },
      answer: { body: { accessToken: "a-1", tokenType: "Bearer", expiresIn: 3600, refreshToken: "r-1" } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://shop.example/rest/oauth/access_token", parameters: { ...renewal, ...post } },
      answer: { body: { accessToken: "a-2", tokenType: "Bearer", expiresIn: 3600, refreshToken: "r-2" } },
      gives: renewed
    }
  },
  {
    title: "Sentry",
    description: {
      authorizationEndpoint: "https://sentry.io/oauth/authorize/",
      tokenEndpoint: "https://sentry.io/api/0/sentry-app-installations/{installation}/authorizations/",
      clientAuthentication: "post",
      variables: { installation: {} },
      dialect: {
        requests: { token: { encoding: "json" } },
        response: { defaultTokenType: "Bearer" },
        answers: {
          statuses: [201],
          names: { access_token: "token", refresh_token: "refreshToken" },
          expiresAt: { name: "expiresAt", form: "iso" },
          scope: "array"
        }
      }
    },
    variables: { installation: "i-1" },
    login: [{
      request: {
        encoding: "json",
        url: "https://sentry.io/api/0/sentry-app-installations/i-1/authorizations/",
        parameters: { ...code, ...post }
      },
      answer: { status: 201, body: { token: "a-1", refreshToken: "r-1", expiresAt: "1970-01-01T01:00:00Z" } }
    }],
    gives: given,
    refresh: {
      request: {
        encoding: "json",
        url: "https://sentry.io/api/0/sentry-app-installations/i-1/authorizations/",
        parameters: { ...renewal, ...post }
      },
      answer: { status: 201, body: { token: "a-2", refreshToken: "r-2", expiresAt: "1970-01-01T01:00:00Z" } },
      gives: renewed
    }
  },
  {
    title: "Braintree",
    description: {
      authorizationEndpoint: "https://api.braintreegateway.com/oauth/connect",
      tokenEndpoint: "https://api.braintreegateway.com/oauth/access_tokens",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: "," },
        answers: {
          path: "credentials",
          names: { access_token: "accessToken", refresh_token: "refreshToken", token_type: "tokenType" },
          expiresAt: { name: "expiresAt", form: "iso" }
        }
      }
    },
    login: [{
      request: { url: "https://api.braintreegateway.com/oauth/access_tokens", parameters: { ...code, ...post } },
      answer: {
        body: {
          credentials: {
            accessToken: "a-1",
            refreshToken: "r-1",
            tokenType: "Bearer",
            expiresAt: "1970-01-01T01:00:00Z"
          }
        }
      }
    }],
    gives: given
  },
  {
    title: "Twitch",
    description: {
      authorizationEndpoint: "https://id.twitch.tv/oauth2/authorize",
      tokenEndpoint: "https://id.twitch.tv/oauth2/token",
      clientAuthentication: "post",
      dialect: {
        answers: {
          scope: "array",
          error: "message",
          errorDescription: "message",
          errorCodes: { "Invalid refresh token": "invalid_grant" }
        }
      },
      rotation: { policy: "static" }
    },
    scopes: ["user:read:email"],
    login: [{
      request: { url: "https://id.twitch.tv/oauth2/token", parameters: { ...code, ...post } },
      answer: { body: { ...first, token_type: "bearer", scope: ["user:read:email"] } }
    }],
    gives: { ...given, scopes: ["user:read:email"] },
    refresh: {
      request: { url: "https://id.twitch.tv/oauth2/token", parameters: { ...renewal, ...post } },
      answer: { body: { ...second, token_type: "bearer", scope: ["user:read:email"] } },
      gives: renewed
    },
    refused: { status: 400, body: { error: "Bad Request", status: 400, message: "Invalid refresh token" } }
  },
  {
    title: "Fiserv",
    description: {
      authorizationEndpoint: "https://idp.fiserv.test/authorize",
      tokenEndpoint: "https://idp.fiserv.test/token",
      dialect: { answers: { lifetime: "milliseconds" } }
    },
    login: [{
      request: { url: "https://idp.fiserv.test/token", parameters: code },
      answer: { body: { ...first, expires_in: 3_600_000 } }
    }],
    gives: given
  },
  {
    title: "Tableau",
    description: {
      authorizationEndpoint: "https://{host}/oauth2/authorize",
      tokenEndpoint: "https://{host}/api/3.22/auth/signin",
      variables: { host: {} },
      dialect: {
        requests: { token: { encoding: "json" } },
        response: { defaultTokenType: "Bearer" },
        answers: {
          path: "credentials",
          names: { access_token: "token", expires_in: "estimatedTimeToExpiration" },
          lifetime: "D:HH:MM"
        }
      }
    },
    variables: { host: "tableau.example" },
    login: [{
      request: { encoding: "json", url: "https://tableau.example/api/3.22/auth/signin", parameters: code },
      answer: { body: { credentials: { token: "a-1", estimatedTimeToExpiration: "177:05:38" } } }
    }],
    gives: { token: "a-1", renewable: false, expiresIn: 15_313_080 }
  },
  {
    title: "Jobber",
    description: {
      authorizationEndpoint: "https://api.getjobber.com/api/oauth/authorize",
      tokenEndpoint: "https://api.getjobber.com/api/oauth/token",
      clientAuthentication: "post",
      dialect: { response: { defaultTokenType: "Bearer", defaultLifetime: "1 hour" } }
    },
    login: [{
      request: { url: "https://api.getjobber.com/api/oauth/token", parameters: { ...code, ...post } },
      answer: { body: { access_token: "a-1", refresh_token: "r-1" } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://api.getjobber.com/api/oauth/token", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", refresh_token: "r-2" } },
      gives: renewed
    }
  },
  {
    title: "Stripe Apps",
    description: {
      authorizationEndpoint: "https://marketplace.stripe.com/oauth/v2/authorize",
      tokenEndpoint: "https://api.stripe.com/v1/oauth/token",
      clientAuthentication: "secretAsUser",
      dialect: { response: { defaultLifetime: "1 hour" } },
      rotation: { policy: "rotating" }
    },
    login: [{
      request: {
        url: "https://api.stripe.com/v1/oauth/token",
        parameters: code,
        headers: { authorization: `Basic ${btoa("s-3cr3t:")}` }
      },
      answer: { body: { access_token: "a-1", refresh_token: "r-1", token_type: "bearer", scope: "stripe_apps" } }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://api.stripe.com/v1/oauth/token",
        parameters: renewal,
        headers: { authorization: `Basic ${btoa("s-3cr3t:")}` }
      },
      answer: { body: { access_token: "a-2", refresh_token: "r-2", token_type: "bearer" } },
      gives: renewed
    }
  },
  {
    title: "Workday",
    description: {
      authorizationEndpoint: "https://{host}/{tenant}/authorize",
      tokenEndpoint: "https://{host}/ccx/oauth2/{tenant}/token",
      variables: { host: {}, tenant: {} },
      dialect: { response: { defaultLifetime: "4 hours" } },
      rotation: { policy: "static" }
    },
    variables: { host: "impl.workday.com", tenant: "acme" },
    login: [{
      request: { url: "https://impl.workday.com/ccx/oauth2/acme/token", parameters: code, headers: basic },
      answer: { body: { access_token: "a-1", refresh_token: "r-1", token_type: "Bearer" } }
    }],
    gives: { ...given, expiresIn: 14_400 }
  },
  {
    title: "Bullhorn",
    description: {
      authorizationEndpoint: "https://auth.bullhornstaffing.com/oauth/authorize",
      tokenEndpoint: "https://auth.bullhornstaffing.com/oauth/token",
      clientAuthentication: "post",
      dialect: {
        authorizationCode: {
          then: {
            endpoint: "https://rest.bullhornstaffing.com/rest-services/login",
            grantType: "session",
            parameter: "access_token",
            parameters: { version: "*" },
            repeated: "at-renewals"
          }
        },
        requests: { then: { method: "GET", omit: ["grant_type"], credentials: "omitted" } },
        response: { defaultTokenType: "Bearer", apiOrigins: ["restUrl"] },
        answers: {
          names: { access_token: "BhRestToken" },
          originPatterns: { restUrl: "https://rest[0-9]*\\.bullhornstaffing\\.com" }
        }
      },
      rotation: { policy: "rotating" }
    },
    login: [{
      request: { url: "https://auth.bullhornstaffing.com/oauth/token", parameters: { ...code, ...post } },
      answer: { body: { ...first, access_token: "oauth-1", expires_in: 600 } }
    }, {
      request: {
        method: "GET",
        encoding: "query",
        url: "https://rest.bullhornstaffing.com/rest-services/login",
        parameters: { access_token: "oauth-1", version: "*" }
      },
      answer: { body: { BhRestToken: "a-1", restUrl: "https://rest22.bullhornstaffing.com/rest-services/abc/" } }
    }],
    gives: { ...given, expiresIn: 600 },
    refresh: {
      request: { url: "https://auth.bullhornstaffing.com/oauth/token", parameters: { ...renewal, ...post } },
      answer: { body: { ...second, access_token: "oauth-2", expires_in: 600 } },
      followedBy: [{
        request: {
          method: "GET",
          encoding: "query",
          url: "https://rest.bullhornstaffing.com/rest-services/login",
          parameters: { access_token: "oauth-2", version: "*" }
        },
        answer: { body: { BhRestToken: "a-2", restUrl: "https://rest22.bullhornstaffing.com/rest-services/abc/" } }
      }],
      gives: { ...renewed, expiresIn: 600 }
    }
  },
  {
    title: "Notion",
    description: {
      authorizationEndpoint: "https://api.notion.com/v1/oauth/authorize",
      tokenEndpoint: "https://api.notion.com/v1/oauth/token",
      dialect: {
        authorization: { pkce: "none", parameters: { owner: "user" } },
        requests: { token: { encoding: "json" } },
        response: { keep: ["workspace_id"] }
      }
    },
    authorization: { owner: "user" },
    login: [{
      request: {
        encoding: "json",
        url: "https://api.notion.com/v1/oauth/token",
        parameters: unproven,
        headers: basic
      },
      answer: { body: { access_token: "a-1", token_type: "bearer", workspace_id: "w-1" } }
    }],
    gives: { token: "a-1", renewable: false }
  },
  {
    title: "Figma, and others with a refresh endpoint",
    description: {
      authorizationEndpoint: "https://www.figma.com/oauth",
      tokenEndpoint: "https://api.figma.com/v1/oauth/token",
      refreshEndpoint: "https://api.figma.com/v1/oauth/refresh",
      dialect: { authorization: { scopeSeparator: "," }, requests: { refreshToken: { omit: ["grant_type"] } } },
      rotation: { policy: "static" }
    },
    login: [{
      request: { url: "https://api.figma.com/v1/oauth/token", parameters: code, headers: basic },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://api.figma.com/v1/oauth/refresh", parameters: { refresh_token: "r-1" }, headers: basic },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Revolut",
    description: {
      authorizationEndpoint: "https://business.revolut.com/app-confirm",
      tokenEndpoint: "https://b2b.revolut.com/api/1.0/auth/token",
      clientAuthentication: "privateKeyJwt",
      clientAssertion: { issuer: "{callbackHost}", audience: "https://revolut.com", algorithm: "RS256" },
      variables: { callbackHost: { description: "The host of the redirect URI" } },
      dialect: { authorization: { pkce: "none" }, authorizationCode: { redirectUri: "omitted" } },
      rotation: { policy: "static" }
    },
    variables: { callbackHost: "client.test" },
    hook: { signer },
    login: [{
      request: {
        url: "https://b2b.revolut.com/api/1.0/auth/token",
        parameters: {
          grant_type: "authorization_code",
          code: "c-1",
          client_id: "app",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: "client.test.app.https://revolut.com"
        }
      },
      answer: { body: first }
    }],
    gives: given
  },
  {
    title: "Shopline",
    description: {
      authorizationEndpoint: "https://{shop}.myshopline.com/admin/oauth-web/#/oauth/authorize",
      tokenEndpoint: "https://{shop}.myshopline.com/admin/oauth/token/create",
      clientAuthentication: "post",
      variables: { shop: {} },
      hooks: { onRequest: "Signs each request to the token endpoint with an HMAC of its body." },
      dialect: {
        authorization: {
          fragment: "read",
          pkce: "none",
          scopeSeparator: ",",
          names: { client_id: "appKey", redirect_uri: "redirectUri", state: "customField" }
        },
        authorizationResponse: { names: { state: "customField" } },
        authorizationCode: { redirectUri: "omitted" },
        requests: { token: { encoding: "json", omit: ["grant_type", "client_id", "client_secret"] } },
        response: { defaultTokenType: "Bearer", scopeSeparator: "," },
        answers: {
          path: "data",
          success: { path: "code", equals: [200] },
          names: { access_token: "accessToken" },
          expiresAt: { name: "expireTime", form: "iso" }
        }
      }
    },
    variables: { shop: "acme" },
    hook: {
      onRequest: (request) =>
        Effect.succeed({ ...request, headers: { ...request.headers, appkey: "app", sign: Redacted.make("hmac") } })
    },
    authorization: { appKey: "app", redirectUri: "https://client.test/callback" },
    login: [{
      request: {
        encoding: "json",
        url: "https://acme.myshopline.com/admin/oauth/token/create",
        parameters: { code: "c-1" },
        headers: { appkey: "app", sign: "hmac" }
      },
      answer: { body: { code: 200, data: { accessToken: "a-1", expireTime: "1970-01-01T01:00:00Z", scope: "read" } } }
    }],
    gives: { token: "a-1", renewable: false, expiresIn: 3600 }
  },
  {
    title: "Amazon SP-API",
    description: {
      authorizationEndpoint: "https://sellercentral.amazon.com/apps/authorize/consent",
      tokenEndpoint: "https://api.amazon.com/auth/o2/token",
      clientAuthentication: "post",
      variables: { application: { description: "The application's identifier" } },
      dialect: {
        authorization: { pkce: "none", parameters: { application_id: "{application}" } },
        authorizationResponse: { names: { code: "spapi_oauth_code" }, keep: ["selling_partner_id"] }
      },
      rotation: { policy: "static" }
    },
    variables: { application: "amzn1.sp.1" },
    authorization: { application_id: "amzn1.sp.1" },
    callback: { spapi_oauth_code: "c-1", selling_partner_id: "S1" },
    login: [{
      request: { url: "https://api.amazon.com/auth/o2/token", parameters: { ...unproven, ...post } },
      answer: { body: first }
    }],
    gives: given
  },
  {
    title: "FollowUpBoss",
    description: {
      authorizationEndpoint: "https://app.followupboss.com/oauth/authorize",
      tokenEndpoint: "https://app.followupboss.com/oauth/token",
      dialect: {
        authorization: { responseType: "auth_code", pkce: "none", parameters: { prompt: "login" } }
      },
      rotation: { policy: "static" }
    },
    authorization: { response_type: "auth_code" },
    login: [{
      request: { url: "https://app.followupboss.com/oauth/token", parameters: unproven, headers: basic },
      answer: { body: first }
    }],
    gives: given
  },
  {
    title: "Zoho",
    description: {
      authorizationEndpoint: "https://accounts.zoho.com/oauth/v2/auth",
      tokenEndpoint: "{accounts-server}/oauth/v2/token",
      revocationEndpoint: "{accounts-server}/oauth/v2/token/revoke",
      clientAuthentication: "post",
      variables: {
        "accounts-server": { from: "grant", oneOf: ["https://accounts.zoho.com", "https://accounts.zoho.eu"] }
      },
      dialect: {
        authorization: { scopeSeparator: ",", parameters: { access_type: "offline", prompt: "consent" } },
        authorizationResponse: { keep: ["accounts-server"] },
        response: { apiOrigins: ["api_domain"] },
        answers: { errorCodes: { invalid_code: "invalid_grant" } }
      },
      rotation: { policy: "static" }
    },
    callback: { code: "c-1", location: "eu", "accounts-server": "https://accounts.zoho.eu" },
    login: [{
      request: { url: "https://accounts.zoho.eu/oauth/v2/token", parameters: { ...code, ...post } },
      answer: { body: { ...first, api_domain: "https://www.zohoapis.eu" } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://accounts.zoho.eu/oauth/v2/token", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", token_type: "Bearer", expires_in: 3600 } },
      gives: renewed
    },
    refused: { body: { error: "invalid_code" } },
    revocation: {
      request: {
        url: "https://accounts.zoho.eu/oauth/v2/token/revoke",
        parameters: { token: "r-1", token_type_hint: "refresh_token", ...post }
      },
      answer: { body: { status: "success" } }
    }
  },
  {
    title: "Shopify",
    description: {
      authorizationEndpoint: "https://{shop}.myshopify.com/admin/oauth/authorize",
      tokenEndpoint: "https://{shop}.myshopify.com/admin/oauth/access_token",
      clientAuthentication: "post",
      apiOrigins: ["https://{shop}.myshopify.com"],
      variables: { shop: {} },
      dialect: {
        authorization: { scopeSeparator: ",", pkce: "none" },
        requests: { authorizationCode: { parameters: { expiring: "1" } } },
        response: {
          defaultTokenType: "Bearer",
          scopeSeparator: ",",
          refreshTokenExpiresIn: "refresh_token_expires_in"
        }
      },
      rotation: { policy: "rotating" }
    },
    variables: { shop: "acme" },
    login: [{
      request: {
        url: "https://acme.myshopify.com/admin/oauth/access_token",
        parameters: { ...unproven, ...post, expiring: "1" }
      },
      answer: {
        body: {
          access_token: "a-1",
          expires_in: 3600,
          refresh_token: "r-1",
          refresh_token_expires_in: 7_776_000,
          scope: "read_products,write_orders"
        }
      }
    }],
    gives: { ...given, scopes: ["read_products", "write_orders"] },
    refresh: {
      request: { url: "https://acme.myshopify.com/admin/oauth/access_token", parameters: { ...renewal, ...post } },
      answer: { body: second },
      gives: renewed
    }
  },
  {
    title: "Zendesk",
    description: {
      authorizationEndpoint: "https://{subdomain}.zendesk.com/oauth/authorizations/new",
      tokenEndpoint: "https://{subdomain}.zendesk.com/oauth/tokens",
      clientAuthentication: "post",
      variables: { subdomain: {} },
      dialect: {
        requests: {
          token: { encoding: "json", parameters: { expires_in: "1800", refresh_token_expires_in: "604800" } }
        },
        response: { refreshTokenExpiresIn: "refresh_token_expires_in" }
      },
      rotation: { policy: "rotating" }
    },
    variables: { subdomain: "acme" },
    login: [{
      request: {
        encoding: "json",
        url: "https://acme.zendesk.com/oauth/tokens",
        parameters: { ...code, ...post, expires_in: "1800", refresh_token_expires_in: "604800" }
      },
      answer: { body: { ...first, expires_in: 1800, refresh_token_expires_in: 604_800 } }
    }],
    gives: { ...given, expiresIn: 1800 }
  },
  {
    title: "Basecamp",
    description: {
      authorizationEndpoint: "https://launchpad.37signals.com/authorization/new",
      tokenEndpoint: "https://launchpad.37signals.com/authorization/token",
      clientAuthentication: "post",
      dialect: {
        authorization: { pkce: "none", parameters: { type: "web_server" } },
        requests: {
          authorizationCode: { parameters: { type: "web_server" }, omit: ["grant_type"] },
          refreshToken: { parameters: { type: "refresh" }, omit: ["grant_type"] }
        },
        response: { defaultTokenType: "Bearer" }
      },
      rotation: { policy: "static" }
    },
    authorization: { type: "web_server" },
    login: [{
      request: {
        url: "https://launchpad.37signals.com/authorization/token",
        parameters: { code: "c-1", redirect_uri: "https://client.test/callback", ...post, type: "web_server" }
      },
      answer: { body: { access_token: "a-1", expires_in: 3600, refresh_token: "r-1" } }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://launchpad.37signals.com/authorization/token",
        parameters: { refresh_token: "r-1", ...post, type: "refresh" }
      },
      answer: { body: { access_token: "a-2", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "BambooHR",
    description: {
      authorizationEndpoint: "https://{company}.bamboohr.com/authorize.php",
      tokenEndpoint: "https://{company}.bamboohr.com/token.php?request=token",
      clientAuthentication: "post",
      variables: { company: {} },
      dialect: { authorization: { scopeSeparator: "+", scopeEncoding: "raw", parameters: { request: "authorize" } } }
    },
    variables: { company: "acme" },
    authorization: { request: "authorize" },
    login: [{
      request: { url: "https://acme.bamboohr.com/token.php?request=token", parameters: { ...code, ...post } },
      answer: { body: first }
    }],
    gives: given
  },
  {
    title: "Withings",
    description: {
      authorizationEndpoint: "https://account.withings.com/oauth2_user/authorize2",
      tokenEndpoint: "https://wbsapi.withings.net/v2/oauth2",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: "," },
        requests: { token: { parameters: { action: "requesttoken" } } },
        response: { scopeSeparator: "," },
        answers: {
          path: "body",
          success: { path: "status", equals: [0] },
          error: "status",
          errorDescription: "error",
          errorCodes: { 601: "temporarily_unavailable", 401: "invalid_grant" }
        }
      },
      rotation: { policy: "rotating", window: { duration: "8 hours", idempotent: false } }
    },
    login: [{
      request: {
        url: "https://wbsapi.withings.net/v2/oauth2",
        parameters: { ...code, ...post, action: "requesttoken" }
      },
      answer: { body: { status: 0, body: { ...first, userid: "1" } } }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://wbsapi.withings.net/v2/oauth2",
        parameters: { ...renewal, ...post, action: "requesttoken" }
      },
      answer: { body: { status: 0, body: second } },
      gives: renewed
    },
    refused: { body: { status: 401, body: {}, error: "invalid refresh_token" } }
  },
  {
    title: "Strava, and others with a comma between scopes",
    description: {
      authorizationEndpoint: "https://www.strava.com/oauth/authorize",
      tokenEndpoint: "https://www.strava.com/oauth/token",
      clientAuthentication: "post",
      dialect: {
        authorization: { scopeSeparator: ",", pkce: "none", parameters: { approval_prompt: "auto" } },
        answers: { expiresAt: { name: "expires_at", form: "seconds" } }
      },
      rotation: { policy: "rotating" }
    },
    scopes: ["read", "activity:read"],
    authorization: { scope: "read,activity:read", approval_prompt: "auto" },
    login: [{
      request: { url: "https://www.strava.com/oauth/token", parameters: { ...unproven, ...post } },
      answer: { body: { ...first, expires_in: 1, expires_at: 3600 } }
    }],
    gives: given,
    refresh: {
      request: { url: "https://www.strava.com/oauth/token", parameters: { ...renewal, ...post } },
      answer: { body: { ...second, expires_in: 1, expires_at: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Unsplash and Pennylane",
    description: {
      authorizationEndpoint: "https://unsplash.com/oauth/authorize",
      tokenEndpoint: "https://unsplash.com/oauth/token",
      clientAuthentication: "post",
      dialect: { authorization: { scopeSeparator: "+", scopeEncoding: "raw" } }
    },
    scopes: ["public", "read_user"],
    authorization: { scope: "public read_user" },
    login: [{
      request: { url: "https://unsplash.com/oauth/token", parameters: { ...code, ...post } },
      answer: { body: { access_token: "a-1", token_type: "bearer", scope: "public read_user" } }
    }],
    gives: { token: "a-1", renewable: false, scopes: ["public", "read_user"] }
  },
  {
    title: "Reddit",
    description: {
      authorizationEndpoint: "https://www.reddit.com/api/v1/authorize",
      tokenEndpoint: "https://www.reddit.com/api/v1/access_token",
      variables: { userAgent: { pattern: "[ -~]+" } },
      dialect: {
        authorization: { parameters: { duration: "permanent" } },
        requests: { all: { headers: { "User-Agent": "{userAgent}" } } }
      },
      rotation: { policy: "static" }
    },
    variables: { userAgent: "web:app:v1 (by /u/ada)" },
    authorization: { duration: "permanent" },
    login: [{
      request: {
        url: "https://www.reddit.com/api/v1/access_token",
        parameters: code,
        headers: { ...basic, "user-agent": "web:app:v1 (by /u/ada)" }
      },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: {
        url: "https://www.reddit.com/api/v1/access_token",
        parameters: renewal,
        headers: { "user-agent": "web:app:v1 (by /u/ada)" }
      },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "Dropbox",
    description: {
      authorizationEndpoint: "https://www.dropbox.com/oauth2/authorize",
      tokenEndpoint: "https://api.dropboxapi.com/oauth2/token",
      clientAuthentication: "post",
      dialect: {
        authorization: { parameters: { token_access_type: "offline" } },
        answers: { format: "json-by-any-type" }
      },
      rotation: { policy: "static" }
    },
    authorization: { token_access_type: "offline" },
    login: [{
      request: { url: "https://api.dropboxapi.com/oauth2/token", parameters: { ...code, ...post } },
      answer: { headers: { "content-type": "text/javascript" }, body: JSON.stringify(first) }
    }],
    gives: given,
    refresh: {
      request: { url: "https://api.dropboxapi.com/oauth2/token", parameters: { ...renewal, ...post } },
      answer: { body: { access_token: "a-2", token_type: "bearer", expires_in: 3600 } },
      gives: renewed
    }
  },
  {
    title: "FusionAuth",
    description: {
      authorizationEndpoint: "https://{host}/oauth2/authorize",
      tokenEndpoint: "https://{host}/oauth2/token",
      variables: { host: {} }
    },
    variables: { host: "fusion.example" },
    login: [{
      request: { url: "https://fusion.example/oauth2/token", parameters: code, headers: basic },
      answer: { headers: { "www-authenticate": "Basic realm=\"stray\"" }, body: first }
    }],
    gives: given
  },
  {
    title: "Kanidm",
    description: {
      authorizationEndpoint: "https://{host}/ui/oauth2",
      tokenEndpoint: "https://{host}/oauth2/token",
      variables: { host: {} },
      dialect: { answers: { format: "json-by-any-type" } }
    },
    variables: { host: "idm.example" },
    login: [{
      request: { url: "https://idm.example/oauth2/token", parameters: code, headers: basic },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://idm.example/oauth2/token", parameters: renewal, headers: basic },
      answer: { body: second },
      gives: renewed
    },
    refused: { status: 400, headers: { "content-type": "text/plain" }, body: "{\"error\":\"invalid_grant\"}" }
  },
  {
    title: "Supabase",
    description: {
      authorizationEndpoint: "https://{project}.supabase.co/auth/v1/oauth/authorize",
      tokenEndpoint: "https://{project}.supabase.co/auth/v1/oauth/token",
      variables: { project: {} },
      dialect: {
        answers: {
          error: "error_code",
          errorDescription: "msg",
          errorCodes: { refresh_token_not_found: "invalid_grant", refresh_token_already_used: "invalid_grant" }
        }
      },
      rotation: { policy: "rotating", window: { duration: "10 seconds", idempotent: false } }
    },
    variables: { project: "acme" },
    login: [{
      request: { url: "https://acme.supabase.co/auth/v1/oauth/token", parameters: code, headers: basic },
      answer: { body: first }
    }],
    gives: given,
    refresh: {
      request: { url: "https://acme.supabase.co/auth/v1/oauth/token", parameters: renewal, headers: basic },
      answer: { body: second },
      gives: renewed
    },
    refused: { status: 400, body: { code: 400, error_code: "refresh_token_not_found", msg: "Not found" } }
  },
  {
    title: "Adobe IMS and Frame.io V4",
    description: {
      authorizationEndpoint: "https://ims-na1.adobelogin.com/ims/authorize/v2",
      tokenEndpoint: "https://ims-na1.adobelogin.com/ims/token/v3",
      revocationEndpoint: "https://ims-na1.adobelogin.com/ims/revoke",
      dialect: { authorization: { scopeSeparator: ",", privateScheme: "any" } },
      rotation: { policy: "rotating" },
      idleLifetime: "14 days"
    },
    scopes: ["openid", "offline_access"],
    authorization: { scope: "openid,offline_access", code_challenge_method: "S256" },
    login: [{
      request: { url: "https://ims-na1.adobelogin.com/ims/token/v3", parameters: code, headers: basic },
      answer: { body: { ...first, token_type: "bearer", sub: "S1" } }
    }],
    gives: { ...given, scopes: ["openid", "offline_access"] },
    refresh: {
      request: { url: "https://ims-na1.adobelogin.com/ims/token/v3", parameters: renewal, headers: basic },
      answer: { body: second },
      gives: renewed
    },
    revocation: {
      request: {
        url: "https://ims-na1.adobelogin.com/ims/revoke",
        parameters: { token: "r-1", token_type_hint: "refresh_token" }
      },
      answer: { headers: {}, body: "" }
    }
  },
  {
    title: "Frame.io legacy",
    description: {
      authorizationEndpoint: "https://applications.frame.io/oauth2/auth",
      tokenEndpoint: "https://applications.frame.io/oauth2/token",
      endOfLife: "2026-12-01T00:00:00Z",
      dialect: {
        authorization: { offlineScope: "offline" },
        refreshToken: { scope: "granted" },
        response: { refreshTokenLifetime: "30 days" }
      },
      rotation: { policy: "rotating" }
    },
    scopes: ["offline", "account.read"],
    login: [{
      request: { url: "https://applications.frame.io/oauth2/token", parameters: code, headers: basic },
      answer: { body: { ...first, scope: "account.read offline" } }
    }],
    gives: { ...given, scopes: ["account.read", "offline"] },
    refresh: {
      request: {
        url: "https://applications.frame.io/oauth2/token",
        parameters: { ...renewal, scope: "account.read offline" },
        headers: basic
      },
      answer: { body: { ...second, expires_in: 3599 } },
      gives: { ...renewed, expiresIn: 3599 }
    }
  }
]

function jwt(claims: Readonly<Record<string, number>>): string {
  return `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.c2ln`
}
