import { TokenService } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { AuthorizationRoutes } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as App from "../../core/test/support/App.ts"
import * as Browsers from "./support/Browser.ts"

describe("AuthorizationRoutes", () => {
  describe("login", () => {
    it.effect("sends the browser to the authorization server, by 303 [9700-4.12-a] [10017-6.1.3.1-b] [10017-6.3.3.2.1-a]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()

        const { status, location } = yield* browser.get("/oauth/login")

        assert.strictEqual(status, 303)
        assert.isTrue(location.startsWith("https://as.test/authorize?response_type=code&"), location)
        assert.strictEqual(new URL(location).searchParams.get("redirect_uri"), "https://app.test/oauth/callback")
        assert.strictEqual(new URL(location).searchParams.get("code_challenge_method"), "S256")
      }).pipe(Effect.provide(App.layer())))

    it.effect("takes the redirect URI from its options, whatever the request says of its host [9700-4.13-a]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()

        const { location } = yield* browser.get("/oauth/login", {
          "host": "evil.test",
          "x-forwarded-host": "evil.test",
          "x-forwarded-proto": "http",
          "forwarded": "host=evil.test;proto=http"
        })

        assert.strictEqual(new URL(location).searchParams.get("redirect_uri"), "https://app.test/oauth/callback")
      }).pipe(Effect.provide(App.layer())))

    const elsewhere = [
      "https://evil.test",
      "//evil.test",
      "/\\evil.test",
      "\\\\evil.test",
      "/\t/evil.test",
      "/%0a/../\n//evil.test",
      "https:evil.test",
      "javascript:alert(1)",
      "data:text/html,x",
      "albums",
      "/.//evil.test",
      "/a/..//evil.test",
      "@evil.test",
      " /albums",
      ""
    ]
    for (const returnTo of elsewhere) {
      it.effect(
        `leads nowhere else: ${
          JSON.stringify(returnTo)
        } [9700-2.1-a] [9700-4.1.3-a] [9700-4.11.1-a] [2.1-2.3.1-a] [2.1-7.13.1-a] [FAPI2-5.3.3.1-d]`,
        () =>
          Effect.gen(function*() {
            const browser = yield* Browser.make()

            const { location, status } = yield* browser.get(`/oauth/login?return_to=${encodeURIComponent(returnTo)}`)

            assert.strictEqual(status, 400)
            assert.strictEqual(location, "")
          }).pipe(Effect.provide(App.layer()))
      )
    }

    it.effect("refuses two addresses to lead to [9700-2.1-a]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()

        const { status } = yield* browser.get("/oauth/login?return_to=/a&return_to=https://evil.test")

        assert.strictEqual(status, 400)
      }).pipe(Effect.provide(App.layer())))

    it.effect("is not begun by another site [6750-5.3-e] [2.1-7.1.3.4-b] [FAPI2-5.3.3.1-l]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()

        const { location, status } = yield* browser.get("/oauth/login", { "sec-fetch-site": "cross-site" })

        assert.deepStrictEqual([status, location, browser.cookies.size], [403, "", 0])
      }).pipe(Effect.provide(App.layer())))

    it.effect("answers as the application does where it knows no account", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make({ account: () => Effect.fail(HttpServerResponse.empty({ status: 401 })) })

        assert.strictEqual((yield* browser.get("/oauth/login")).status, 401)
      }).pipe(Effect.provide(App.layer())))
  })

  describe("callback", () => {
    it.effect("keeps the grant, and sends the browser on to a clean address [6749-3.1.2.5-b] [2.1-2.3.6-b] [9700-4.12-a]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()
        const answer = yield* browser.agree(yield* browser.get("/oauth/login?return_to=/albums?page=2%23top"))

        const { body, location, status } = yield* browser.get(answer)

        const service = yield* TokenService.TokenService
        assert.deepStrictEqual([status, location, body], [303, "https://app.test/albums?page=2#top", ""])
        assert.strictEqual(Option.getOrThrow(yield* service.status(service.key("ada"))).state._tag, "Active")
      }).pipe(Effect.provide(App.layer())))

    it.effect("of an error sends the browser on to a clean address too [6749-3.1.2.5-b] [2.1-2.3.6-b]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()
        const answer = yield* browser.agree(yield* browser.get("/oauth/login"), { error: "access_denied" })

        const { body, location, status } = yield* browser.get(answer)

        assert.deepStrictEqual([status, location, body], [
          303,
          "https://app.test/oauth/failed?problem=declined",
          ""
        ])
      }).pipe(Effect.provide(App.layer())))

    it.effect("of another browser is refused, and its code stays unused [6749-10.12-c] [9700-2.1-c] [2.1-2.3.3-b] [2.1-2.3.4-b]", () =>
      Effect.gen(function*() {
        const attacker = yield* Browser.make()
        const victim = yield* Browser.make()
        const answer = yield* attacker.agree(yield* attacker.get("/oauth/login"), { subject: "mallory" })

        const { location } = yield* victim.get(answer)

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        assert.strictEqual(location, "https://app.test/oauth/failed?problem=stale")
        assert.deepStrictEqual((yield* server.exchanges).filter(({ endpoint }) => endpoint === "token"), [])
      }).pipe(Effect.provide(App.layer())))

    it.effect("counts once [9700-2.1-c] [2.1-2.3.3-b]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()
        const answer = yield* browser.agree(yield* browser.get("/oauth/login"))
        const held = new Map(browser.cookies)
        yield* browser.get(answer)
        for (const [name, value] of held) browser.cookies.set(name, value)

        const { location } = yield* browser.get(answer)

        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        assert.strictEqual(location, "https://app.test/oauth/failed?problem=stale")
        assert.strictEqual((yield* server.exchanges).filter(({ endpoint }) => endpoint === "token").length, 1)
      }).pipe(Effect.provide(App.layer())))

    it.effect("completes several logins of one browser, in any order", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make()
        const one = yield* browser.agree(yield* browser.get("/oauth/login?return_to=/one"))
        const two = yield* browser.agree(yield* browser.get("/oauth/login?return_to=/two"))

        const locations = [(yield* browser.get(two)).location, (yield* browser.get(one)).location]

        assert.deepStrictEqual(locations, ["https://app.test/two", "https://app.test/one"])
      }).pipe(Effect.provide(App.layer())))

    for (
      const query of ["", "?", "?code=c", "?code=c&state=", "?state=%00%0d%0a;&code=c", `?state=${"s".repeat(70_000)}`]
    ) {
      it.effect(`leads home after ${query.slice(0, 40)} [2.1-7.12-a]`, () =>
        Effect.gen(function*() {
          const browser = yield* Browser.make()

          const { location, status } = yield* browser.get(`/oauth/callback${query}`)

          assert.deepStrictEqual([status, location], [303, "https://app.test/oauth/failed?problem=stale"])
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("leads home where the application would lead elsewhere after a failure [9700-2.1-a]", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make({ failed: () => "//evil.test" })

        assert.strictEqual((yield* browser.get("/oauth/callback")).location, "https://app.test/")
      }).pipe(Effect.provide(App.layer())))
  })

  it.effect("sets cookies that are for this host alone, that no script reads, and that hold no token [6750-5.2-c] [6750-5.3-d] [2.1-7.1.3.4-a] [10017-6.1.2.1-a] [10017-6.1.3.2-a] [10017-6.1.3.2-b] [10017-6.1.3.2-c] [10017-6.1.3.2-d] [10017-6.1.3.2-e] [10017-6.1.3.2-f]", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make()
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      yield* browser.get(yield* browser.agree(yield* browser.get("/oauth/login")))

      const tokens = yield* server.families
      assert.lengthOf(browser.setCookies, 2)
      for (const cookie of browser.setCookies) {
        assert.match(
          cookie,
          /^__Host-Http-login-[\w-]+=[\w-]*; (Max-Age=\d+; )?Path=\/; .*HttpOnly; Secure; SameSite=Lax$/
        )
        assert.notMatch(cookie, /domain/i)
      }
      assert.lengthOf(tokens, 1)
      assert.notMatch(JSON.stringify([browser.setCookies, browser.seen]), /test-f\d+-/)
    }).pipe(Effect.provide(App.layer())))

  it.effect("tells no cache and no other site where the browser was [9700-4.2.4-a]", () =>
    Effect.gen(function*() {
      const browser = yield* Browser.make()
      yield* browser.get(yield* browser.agree(yield* browser.get("/oauth/login")))
      yield* browser.get("/oauth/login?return_to=//evil.test")

      for (const { headers } of browser.seen) {
        assert.strictEqual(headers["cache-control"], "no-store")
        assert.strictEqual(headers["referrer-policy"], "no-referrer")
      }
    }).pipe(Effect.provide(App.layer())))

  describe("options that cannot work are refused:", () => {
    const cases: ReadonlyArray<readonly [string, Partial<AuthorizationRoutes.Options>, string]> = [
      ["plain http on the network [6749-10.5-b] [6749-10.8-b]", { origin: "http://app.test" }, "origin"],
      ["an origin with a path", { origin: "https://app.test/x" }, "origin"],
      ["no address", { origin: "app.test" }, "origin"],
      ["a path that leads elsewhere", { path: "//evil.test" }, "path"],
      ["a path with a parameter", { path: "/:a" }, "path"],
      ["a home that leads elsewhere", { home: "//evil.test" }, "home"]
    ]
    for (const [name, options, field] of cases) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Browser.make(options))

          assert.strictEqual(error.reason._tag === "ConfigurationInvalid" ? error.reason.field : "", field)
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("two servers with one redirect URI [9700-2.1-d]", () =>
      Effect.gen(function*() {
        const routes = Layer.merge(AuthorizationRoutes.layer(options), AuthorizationRoutes.layer({ ...options }))

        const error = yield* Effect.flip(Effect.asVoid(HttpRouter.toHttpEffect(routes)))

        assert.strictEqual(
          error.message,
          "AuthorizationRoutes.layer: path: is taken; give each authorization server one of its own"
        )
      }).pipe(Effect.scoped, Effect.provide(App.layer())))
  })
})

const options: AuthorizationRoutes.Options = {
  origin: "https://app.test",
  path: "/oauth",
  scopes: ["read"],
  account: () => Effect.succeed("ada")
}

/** A browser in front of the routes. */
const Browser = {
  make: Effect.fnUntraced(function*(changes?: Partial<AuthorizationRoutes.Options>) {
    const browser = yield* Browsers.make(AuthorizationRoutes.layer({ ...options, ...changes }))
    return { ...browser, agree: Browsers.agree }
  })
}
