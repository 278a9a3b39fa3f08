import type { RecordedExchange } from "@effect-oauth/core/testing"

const headers = { appkey: "app", sign: "hmac" }

export const recording: RecordedExchange.Recording = {
  scopes: ["read_products", "write_products"],
  authorization: {
    responseType: "code",
    appKey: "app",
    redirectUri: "https://client.test/callback",
    scope: "read_products,write_products"
  },
  callback: { code: "c-1", appkey: "app", handle: "example" },
  login: [{
    request: {
      url: "https://example.myshopline.com/admin/oauth/token/create",
      encoding: "json",
      parameters: { code: "c-1" },
      headers
    },
    answer: {
      body: {
        code: 200,
        i18nCode: "SUCCESS",
        message: null,
        data: {
          accessToken: "token-1",
          expireTime: "1970-01-01T10:00:00.000+00:00",
          scope: "read_products,write_products"
        }
      }
    }
  }],
  gives: { token: "token-1", renewable: true, expiresIn: 36_000, scopes: ["read_products", "write_products"] },
  refresh: {
    request: {
      url: "https://example.myshopline.com/admin/oauth/token/refresh",
      encoding: "query",
      parameters: {},
      headers
    },
    answer: {
      body: {
        code: 200,
        i18nCode: "SUCCESS",
        message: null,
        data: {
          accessToken: "token-2",
          expireTime: "1970-01-01T10:00:00.000+00:00",
          scope: "read_products,write_products"
        }
      }
    },
    gives: { token: "token-2", renewable: true, expiresIn: 36_000 }
  }
}
