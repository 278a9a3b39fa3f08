import { ClientAuthentication, TokenService } from "@effect-oauth/core"
import { Fault, type Ledger, TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import { ApiProxy, AuthorizationRoutes, SessionLogin } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as App from "./support/App.ts"
import * as Browser from "./support/Browser.ts"

describe("ApiProxy", () => {
  it.effect("passes a request on with the token, which the browser never sees [10017-6.1.2.1-a]", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn()

      const { body, headers, status } = yield* browser.visit("/api/v4/me?fields=name&x=%2F", script())

      const [seen] = yield* calls
      assert.deepStrictEqual([status, JSON.parse(body).url], [200, "https://api.test/v4/me?fields=name&x=%2F"])
      assert.match(seen?.headers["authorization"] ?? "", /^Bearer test-f1-a\d+-/)
      assert.notMatch(JSON.stringify([browser.seen, browser.setCookies]), /test-f\d+-/)
      assert.strictEqual(headers["cache-control"], "no-store")
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  describe("asks every request for the header of a script:", () => {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      it.effect(`${method} without it is answered 403, and nothing is sent [10017-6.1.3.3-a] [10017-6.1.3.3.2-a] [10017-6.1.3.3.2-b]`, () =>
        Effect.gen(function*() {
          const { browser } = yield* signedIn()

          const { status } = yield* browser.visit("/api/v4/files/1", {
            method,
            headers: { "sec-fetch-site": "same-origin" }
          })

          assert.deepStrictEqual([status, yield* calls], [403, []])
        }).pipe(Effect.provide(App.layer({ api: echo }))))
    }

    it.effect("a preflight of another origin is answered with no leave to go on [10017-6.1.3.3.2-b]", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { headers, status } = yield* browser.visit("/api/v4/me", {
          method: "OPTIONS",
          from: "cross-site",
          headers: {
            "origin": "https://evil.test",
            "access-control-request-method": "GET",
            "access-control-request-headers": "x-csrf"
          }
        })

        assert.strictEqual(status, 403)
        assert.deepStrictEqual(Object.keys(headers).filter((name) => name.startsWith("access-control")), [])
      }).pipe(Effect.provide(App.layer({ api: echo }))))

    it.effect("another origin's is refused though it has the header [10017-6.1.3.3-a]", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.visit("/api/v4/me", script({ headers: { "origin": "https://evil.test" } }))

        assert.deepStrictEqual([status, yield* calls], [403, []])
      }).pipe(Effect.provide(App.layer({ api: echo }))))
  })

  describe("sends nothing to", () => {
    const elsewhere = [
      "/api/https://evil.test/",
      "/api//evil.test/v4/me",
      "/api/v4/../admin",
      "/api/v4/%2e%2e/admin",
      "/api/v4/accounts/%2e%2e%2f%2e%2e%2fadmin/projects",
      "/api/v4/accounts/..%2f..%2fadmin/projects",
      "/api/v4/accounts/..%5cadmin/projects",
      "/api/v4/accounts/%252e%252e/projects",
      "/api/v4/accounts/a%00b/projects",
      "/api/v4/accounts/a%0d%0aHost:evil.test/projects",
      "/api/v4/accounts/a%3fx=1/projects",
      "/api/v4/accounts/a%23/projects",
      "/api/v4/accounts/a;b=c/projects",
      "/api/v4/accounts//projects",
      "/api/v4/accounts/./projects",
      "/api/v4/accounts/%c0%ae%c0%ae/projects",
      "/api/v4/accounts/%/projects",
      "/api/v4/files/\u00e4",
      "/api/v4/files/a b",
      "/api/v4/me/"
    ]
    for (const path of elsewhere) {
      it.effect(`${path}: answered 400 or 404 [10017-6.1.3.6-a] [10017-6.1.3.6-b]`, () =>
        Effect.gen(function*() {
          const { browser } = yield* signedIn()

          // as a client that normalises nothing writes it
          const { status } = yield* browser.visit("/", { ...script(), raw: path })

          assert.include([400, 404], status)
          assert.deepStrictEqual(yield* calls, [])
        }).pipe(Effect.provide(App.layer({ api: echo }))))
    }

    const notAllowed: ReadonlyArray<readonly [string, string, number]> = [
      ["GET", "/api/v4/users", 404],
      ["GET", "/api/v4", 404],
      ["GET", "/api/v4/me/more", 404],
      ["GET", "/api/v4/accounts/a/b/projects", 404],
      ["GET", "/api/v4/files", 404],
      ["POST", "/api/v4/me", 405],
      ["TRACE", "/api/v4/me", 405]
    ]
    for (const [method, path, expected] of notAllowed) {
      it.effect(`what is not allowed: ${method} ${path} [10017-6.1.3.6-a]`, () =>
        Effect.gen(function*() {
          const { browser } = yield* signedIn()

          const { headers, status } = yield* browser.visit("/", {
            ...script({ method: "GET" }),
            raw: path,
            rawMethod: method
          })

          assert.deepStrictEqual([status, yield* calls], [expected, []])
          if (expected === 405) assert.strictEqual(headers["allow"], "GET, HEAD")
        }).pipe(Effect.provide(App.layer({ api: echo }))))
    }

    it.effect("anything without a session: answered 401", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make(routes())

        const { body, status } = yield* browser.visit("/api/v4/me", script())

        assert.deepStrictEqual([status, JSON.parse(body).kind, yield* calls], [401, "signed-out", []])
      }).pipe(Effect.provide(App.layer({ api: echo }))))

    it.effect("a GET with a body: answered 400", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.visit("/api/v4/me", script({ headers: { "content-length": "2" } }))

        assert.deepStrictEqual([status, yield* calls], [400, []])
      }).pipe(Effect.provide(App.layer({ api: echo }))))

    it.effect("a WebSocket: answered 501", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.visit("/api/v4/me", script({ headers: { upgrade: "websocket" } }))

        assert.deepStrictEqual([status, yield* calls], [501, []])
      }).pipe(Effect.provide(App.layer({ api: echo }))))
  })

  it.effect("reaches what a name and a star stand for [10017-6.1.3.6-b]", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn()

      const paths = ["/v4/accounts/a%20b/projects", "/v4/files/1/versions/2", "/v4/files/%C3%A4"]
      const urls = yield* Effect.forEach(paths, (path) =>
        Effect.map(browser.visit(`/api${path}`, script()), ({ body }) => JSON.parse(body).url))

      assert.deepStrictEqual(
        urls,
        paths.map((path) =>
          `https://api.test${path}`
        )
      )
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  it.effect("passes on what describes a request, and nothing that names or proves anybody", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn({
        requestHeaders: ["X-Mine", "X-Hop", "Cookie", "Authorization", "X-Forwarded-For"]
      })

      yield* browser.visit(
        "/api/v4/files/1",
        script({
          method: "PUT",
          body: "{}",
          headers: {
            "content-type": "application/json",
            "content-length": "2",
            "accept": "application/json",
            "if-match": "\"1\"",
            "x-mine": "yes",
            "x-other": "no",
            "x-hop": "no",
            "connection": "X-Hop, close",
            "te": "trailers",
            "x-forwarded-for": "1.2.3.4",
            "forwarded": "for=1.2.3.4",
            "referer": "https://app.test/secret",
            "origin": "https://app.test"
          }
        })
      )

      const { authorization, ...others } = (yield* calls)[0]?.headers ?? {}
      assert.match(authorization ?? "", /^Bearer /)
      assert.deepStrictEqual(others, {
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-length": "2",
        "content-type": "application/json",
        "if-match": "\"1\"",
        "x-mine": "yes"
      })
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  it.effect("is not used to bring a token of one's own", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn()

      const statuses = yield* Effect.forEach(
        ["/api/v4/me?access_token=mine", "/api/v4/me"],
        (path, index) =>
          Effect.map(
            browser.visit(path, script(index === 0 ? {} : { headers: { authorization: "Bearer mine" } })),
            ({ status }) => status
          )
      )

      const seen = yield* calls
      assert.deepStrictEqual(statuses, [404, 200])
      assert.lengthOf(seen, 1)
      assert.notInclude(JSON.stringify(seen), "mine")
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  it.effect("gives back what describes an answer, and nothing that a hop, a cookie or another origin says", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn({ responseHeaders: ["X-Mine", "Set-Cookie", "Access-Control-Allow-Origin"] })

      const { headers, status } = yield* browser.visit("/api/v4/me", script())

      assert.strictEqual(status, 201)
      assert.deepStrictEqual(headers, {
        "cache-control": "private, no-cache",
        "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "content-type": "text/html",
        "cross-origin-resource-policy": "same-origin",
        "etag": "\"1\"",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-mine": "yes"
      })
      assert.isFalse(browser.cookies.has("session"))
    }).pipe(Effect.provide(App.layer({
      api: () => ({
        ...TestHttp.html("<script>alert(1)</script>", { status: 201 }),
        headers: {
          "content-type": "text/html",
          "etag": "\"1\"",
          "cache-control": "public, max-age=600",
          "set-cookie": "session=evil",
          "www-authenticate": "Bearer",
          "access-control-allow-origin": "*",
          "strict-transport-security": "max-age=0",
          "connection": "close",
          "transfer-encoding": "chunked",
          "server": "api",
          "x-mine": "yes"
        }
      })
    }))))

  const unusable: ReadonlyArray<readonly [string, TestHttp.Answer]> = [
    ["a redirect", TestHttp.redirect("https://evil.test/")],
    ["a body encoded as nobody asked for", { ...TestHttp.json({}), headers: { "content-encoding": "gzip" } }]
  ]
  for (const [name, answer] of unusable) {
    it.effect(`answers 502 to ${name}`, () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { headers, status } = yield* browser.visit("/api/v4/me", script())

        assert.deepStrictEqual([status, headers["location"]], [502, undefined])
      }).pipe(Effect.provide(App.layer({ api: () => answer }))))
  }

  it.effect("gives a redirect back where it may, and follows none", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn({ responseHeaders: ["location"] })

      const { headers, status } = yield* browser.visit("/api/v4/me", script())

      assert.deepStrictEqual([status, headers["location"]], [302, "https://cdn.test/file?signature=x"])
      assert.lengthOf(yield* calls, 1)
    }).pipe(Effect.provide(App.layer({ api: () => TestHttp.redirect("https://cdn.test/file?signature=x") }))))

  it.effect("gives an error of the API back as it is, with its body", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn()

      const { body, status } = yield* browser.visit("/api/v4/me", script())

      assert.deepStrictEqual([status, JSON.parse(body)], [422, { errors: ["name"] }])
    }).pipe(Effect.provide(App.layer({ api: () => TestHttp.json({ errors: ["name"] }, { status: 422 }) }))))

  it.effect("renews a token that the API refuses, and sends a small body again", () =>
    Effect.gen(function*() {
      const { browser, server } = yield* signedIn()
      yield* browser.visit("/api/v4/me", script())
      const [, token = ""] = /^Bearer (.*)/.exec((yield* calls)[0]?.headers["authorization"] ?? "") ?? []
      yield* server.revoke(token)

      const { status } = yield* browser.visit(
        "/api/v4/files/1",
        script({
          method: "PUT",
          body: "{}",
          headers: { "content-type": "application/json", "content-length": "2" }
        })
      )

      assert.strictEqual(status, 200)
      assert.deepStrictEqual((yield* calls).map(({ body }) => body), ["", "{}", "{}"])
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  it.effect("says that the account must be connected again once the grant has ended", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn()
      const service = yield* TokenService.TokenService
      yield* service.ended(service.key("ada"))

      const { body, status } = yield* browser.visit("/api/v4/me", script())

      const { kind, reason } = JSON.parse(body)
      assert.deepStrictEqual([status, kind, reason], [403, "reconnect", "ReauthorizationRequired"])
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  it.effect("answers 503 where the API is not reached, and says nothing of where it is", () =>
    Effect.gen(function*() {
      const { browser } = yield* signedIn({}, ({ endpoint }) => endpoint === "api")

      const { body, status } = yield* browser.visit("/api/v4/me", script())

      assert.deepStrictEqual([status, JSON.parse(body).kind], [503, "unavailable"])
      assert.notInclude(body, "api.test")
    }).pipe(Effect.provide(App.layer({ api: echo }))))

  describe("options that cannot work are refused:", () => {
    it.effect("a client without credentials [10017-6.1.3.1-a]", () =>
      Effect.gen(function*() {
        const none = yield* Effect.fromResult(ClientAuthentication.none({ clientId: "test-public" }))

        const error = yield* Effect.flip(
          Effect.provideService(Browser.make(routes()), ClientAuthentication.ClientAuthentication, none)
        )

        assert.strictEqual(
          error.message,
          "ApiProxy.layer: ClientAuthentication: has no credentials; a backend for a frontend is a confidential client, so register one with a secret or a key"
        )
      }).pipe(Effect.provide(App.layer())))

    const targets: ReadonlyArray<readonly [string, ApiProxy.Target]> = [
      ["an origin that the provider does not name", { methods: ["GET"], path: "/x", origin: "https://evil.test" }],
      ["an origin with a path", { methods: ["GET"], path: "/x", origin: "https://api.test/y" }],
      ["plain http on the network", { methods: ["GET"], path: "/x", origin: "http://api.test" }],
      ["a star in the middle", { methods: ["GET"], path: "/a/*/b" }],
      ["everything", { methods: ["GET"], path: "/%2e" }],
      ["dots", { methods: ["GET"], path: "/a/../b" }],
      ["no methods", { methods: [], path: "/x" }]
    ]
    for (const [name, target] of targets) {
      it.effect(`${name} [10017-6.1.3.6-a]`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Browser.make(routes({ allow: [target] })))

          assert.strictEqual(error.reason._tag === "ConfigurationInvalid" ? error.reason.field : "", "allow")
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("an origin by plain http", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(
          Browser.make(ApiProxy.layer({ ...proxy, account: () => Effect.succeed("a"), origin: "http://app.test" }))
        )

        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" ? error.reason.field : "", "origin")
      }).pipe(Effect.provide(App.layer())))
  })
})

const proxy = {
  origin: Browser.origin,
  path: "/api",
  allow: [
    { methods: ["GET", "HEAD"], path: "/v4/me" },
    { methods: ["GET"], path: "/v4/accounts/:id/projects" },
    { methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], path: "/v4/files/*" }
  ]
} as const

const echo: TestAuthorizationServer.Api = (request) => TestHttp.json({ method: request.method, url: request.url })

/** What a script of the application sends. */
function script(changes: Browser.Visit = {}): Browser.Visit {
  return {
    ...changes,
    headers: { "accept": "application/json", "x-csrf": "1", "sec-fetch-site": "same-origin", ...changes.headers }
  }
}

function routes(changes: Partial<ApiProxy.Options> = {}) {
  return Layer.unwrap(Effect.gen(function*() {
    const login = yield* SessionLogin.make({ newcomer: () => Effect.succeed("ada") })
    const account = yield* SessionLogin.account
    return Layer.merge(
      AuthorizationRoutes.layer({ ...login, origin: Browser.origin, path: "/oauth", scopes: ["read"] }),
      ApiProxy.layer({ ...proxy, account, ...changes })
    )
  }))
}

const signedIn = Effect.fnUntraced(function*(
  changes?: Partial<ApiProxy.Options>,
  breaks?: (exchange: Ledger.Exchange) => boolean
) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const browser = yield* Browser.make(routes(changes))
  yield* Browser.login(browser)
  if (breaks !== undefined) {
    yield* server.injectBy((exchange) => breaks(exchange) ? Fault.connectionRefused : undefined)
  }
  return { browser, server }
})

/** What reached the API. */
const calls = Effect.flatMap(
  TestAuthorizationServer.TestAuthorizationServer,
  (server) => Effect.map(server.exchanges, (all) => all.filter(({ endpoint }) => endpoint === "api"))
)
