import { Login, OAuthError, RemoteText } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { AuthorizationRoutes } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as App from "../../core/test/support/App.ts"
import * as Browser from "./support/Browser.ts"

describe("AuthorizationRoutes", () => {
  it.effect("spends no code for a HEAD", () =>
    Effect.gen(function*() {
      const browser = yield* make()
      const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))

      const { status } = yield* browser.visit(answer, { method: "HEAD" })

      assert.deepStrictEqual([status, yield* exchanged], [405, 0])
    }).pipe(Effect.provide(App.layer())))

  for (const name of ["sec-purpose", "purpose", "x-moz"]) {
    it.effect(`neither begins nor ends a login for a prefetch by ${name}`, () =>
      Effect.gen(function*() {
        const browser = yield* make()
        const early = yield* browser.get("/oauth/login", { [name]: "prefetch;prerender" })
        const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))
        const guessed = yield* browser.get(answer, { [name]: "prefetch" })
        const between = yield* exchanged

        const real = yield* browser.get(answer)

        assert.deepStrictEqual([early.status, early.location, guessed.status, between], [503, "", 503, 0])
        assert.strictEqual(real.location, "https://app.test/")
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("lets a browser have twelve logins under way, and then begins anew", () =>
    Effect.gen(function*() {
      const browser = yield* make()
      for (let count = 0; count < 12; count++) yield* browser.get("/oauth/login")
      const twelve = browser.cookies.size
      const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))

      const { location } = yield* browser.get(answer)

      assert.deepStrictEqual([twelve, location], [12, "https://app.test/"])
      assert.strictEqual(browser.cookies.size, 0)
    }).pipe(Effect.provide(App.layer())))

  describe("form_post", () => {
    it.effect("comes without the cookie, and is brought again by GET, once", () =>
      Effect.gen(function*() {
        const browser = yield* make()
        const answer = new URL(yield* Browser.agree(yield* browser.get("/oauth/login?return_to=/albums")))

        const bounced = yield* browser.visit("/oauth/callback", posted(answer.search.slice(1)))
        const done = yield* browser.visit(bounced.location, { from: "cross-site" })

        assert.deepStrictEqual([bounced.status, bounced.location], [303, answer.href])
        assert.deepStrictEqual([done.status, done.location], [303, "https://app.test/albums"])
      }).pipe(Effect.provide(App.layer())))

    it.effect("is refused where another browser brings it", () =>
      Effect.gen(function*() {
        const attacker = yield* make()
        const victim = yield* make()
        const answer = new URL(yield* Browser.agree(yield* attacker.get("/oauth/login")))

        const bounced = yield* victim.visit("/oauth/callback", posted(answer.search.slice(1)))
        const { location } = yield* victim.visit(bounced.location, { from: "cross-site" })

        assert.deepStrictEqual([location, yield* exchanged], ["https://app.test/oauth/failed?problem=stale", 0])
      }).pipe(Effect.provide(App.layer())))

    it.effect("keeps a parameter that is there twice, for the judgement to refuse", () =>
      Effect.gen(function*() {
        const browser = yield* make()
        const answer = new URL(yield* Browser.agree(yield* browser.get("/oauth/login")))

        const bounced = yield* browser.visit("/oauth/callback", posted(`${answer.search.slice(1)}&code=other`))
        const { location } = yield* browser.get(bounced.location)

        assert.strictEqual(location, "https://app.test/oauth/failed?problem=stale")
        assert.strictEqual(yield* exchanged, 0)
      }).pipe(Effect.provide(App.layer())))

    const unusable: ReadonlyArray<readonly [string, Browser.Visit]> = [
      ["JSON", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }],
      ["of more than 64 KiB", posted(`state=${"s".repeat(70_000)}`)],
      ["that is empty and of no type", { method: "POST" }]
    ]
    for (const [name, visit] of unusable) {
      it.effect(`leads on where it is ${name}`, () =>
        Effect.gen(function*() {
          const browser = yield* make()

          const { location } = yield* browser.visit("/oauth/callback", visit)

          assert.strictEqual(location, "https://app.test/oauth/failed?problem=stale")
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("leads nowhere but to the redirect URI, whatever it holds [9700-4.11.1-a]", () =>
      Effect.gen(function*() {
        const browser = yield* make()

        const { location } = yield* browser.visit("/oauth/callback", posted("state=a\r\nLocation: //evil.test&x=#/../"))

        assert.isTrue(location.startsWith("https://app.test/oauth/callback?state="), location)
      }).pipe(Effect.provide(App.layer())))
  })

  describe("failed", () => {
    it.effect("tells what happened, where to go, and how to try again", () =>
      Effect.gen(function*() {
        const browser = yield* make({ application: "Cutting Room", home: "/start" })
        const refused = yield* Browser.agree(yield* browser.get("/oauth/login"), { error: "access_denied" })

        const { body, status } = yield* browser.get((yield* browser.get(refused)).location)

        assert.strictEqual(status, 403)
        assert.include(body, "<h1>Access was declined</h1>")
        assert.include(body, `<a href="/oauth/login">Try again</a>`)
        assert.include(body, `<a href="/start">Back to Cutting Room</a>`)
      }).pipe(Effect.provide(App.layer())))

    for (const problem of ["", "nonsense", "<script>alert(1)</script>", "__proto__"]) {
      it.effect(`says no word of its address: ${JSON.stringify(problem)}`, () =>
        Effect.gen(function*() {
          const browser = yield* make()

          const { body, status } = yield* browser.get(`/oauth/failed?problem=${encodeURIComponent(problem)}`)

          assert.strictEqual(status, 400)
          assert.include(body, "<h1>This login is over</h1>")
          assert.notInclude(body, "alert(1)")
        }).pipe(Effect.provide(App.layer())))
    }
  })

  it.effect("tells a program by problem details, and spends no redirect on it", () =>
    Effect.gen(function*() {
      const browser = yield* make()
      const answer = yield* Browser.agree(yield* browser.get("/oauth/login"), { error: "access_denied" })

      const { body, location, status } = yield* browser.get(answer, { accept: "application/json" })

      assert.deepStrictEqual([status, location, JSON.parse(body).kind], [403, "", "declined"])
    }).pipe(Effect.provide(App.layer())))

  it.effect("tells by a page of its own that a login cannot begin, and escapes what the server said", () =>
    Effect.gen(function*() {
      const refusing = Login.Login.of({
        begin: () =>
          Effect.fail(OAuthError.make(
            "PushedAuthorization",
            "push",
            new OAuthError.RequestRefused({
              code: RemoteText.fromUnknown("invalid_scope") ?? assert.fail(),
              description: RemoteText.fromUnknown("<script>alert(1)</script>"),
              status: 400
            })
          )),
        complete: () => Effect.die("not reached")
      })
      const browser = yield* Browser.make(AuthorizationRoutes.layer(options)).pipe(
        Effect.provideService(Login.Login, refusing)
      )

      const { body, status } = yield* browser.get("/oauth/login")

      assert.strictEqual(status, 502)
      assert.include(body, "&#60;script&#62;alert(1)")
      assert.notInclude(body, "<script>")
    }))

  it.effect("goes on from a page of its own where it is told to, without script", () =>
    Effect.gen(function*() {
      const browser = yield* make({ landing: "page" })

      const { location } = yield* Browser.login(browser, "/oauth/login?return_to=/albums?a=1%26b=2")
      const { body, headers } = yield* browser.get(location)

      assert.strictEqual(location, "https://app.test/oauth/landed?to=%2Falbums%3Fa%3D1%26b%3D2")
      assert.include(body, `<meta http-equiv="refresh" content="0;url=/albums?a=1&#38;b=2">`)
      assert.include(body, `<a href="/albums?a=1&#38;b=2">`)
      assert.match(headers["content-security-policy"] ?? "", /^default-src 'none'; style-src 'sha256-/)
    }).pipe(Effect.provide(App.layer())))

  for (const to of ["//evil.test", "https://evil.test", "javascript:alert(1)", "\"><script>", ""]) {
    it.effect(`goes home from that page where its address leads elsewhere: ${to} [9700-4.11.1-a]`, () =>
      Effect.gen(function*() {
        const browser = yield* make({ landing: "page" })
        yield* Browser.login(browser)

        const { body } = yield* browser.get(`/oauth/landed?to=${encodeURIComponent(to)}`)

        assert.include(body, `content="0;url=/"`)
        assert.notMatch(body, /evil|alert|<script>/)
      }).pipe(Effect.provide(App.layer())))
  }

  it.effect("takes no browser on that another site led there, and one that logged in once", () =>
    Effect.gen(function*() {
      const browser = yield* make({ landing: "page" })
      const page = "/oauth/landed?to=/oauth/login"

      const before = yield* browser.visit(page, { from: "cross-site" })
      yield* Browser.login(browser)
      const once = yield* browser.visit(page, { from: "cross-site" })
      const twice = yield* browser.visit(page, { from: "cross-site" })

      assert.deepStrictEqual(
        [before, once, twice].map(({ location, status }) => [status, location]),
        [[303, "https://app.test/"], [200, ""], [303, "https://app.test/"]]
      )
      assert.notInclude(before.body, "refresh")
    }).pipe(Effect.provide(App.layer())))

  it.effect("serves several servers side by side, each with a path, a redirect URI and logins of its own", () =>
    Effect.gen(function*() {
      const one = yield* Login.Login
      const two = yield* Effect.provide(
        Login.Login,
        Layer.fresh(App.layer({ issuer: "https://two.test", provider: "two" }))
      )
      const browser = yield* Browser.make(Layer.merge(
        Layer.provide(AuthorizationRoutes.layer({ ...options, path: "/one" }), Layer.succeed(Login.Login, one)),
        Layer.provide(AuthorizationRoutes.layer({ ...options, path: "/two" }), Layer.succeed(Login.Login, two))
      ))
      const answer = yield* Browser.agree(yield* browser.get("/one/login"))
      const other = yield* browser.get("/two/login")

      const crossed = yield* browser.get(answer.replace("/one/", "/two/"))
      const real = yield* browser.get(answer)

      assert.isTrue(other.location.startsWith("https://two.test/authorize?"), other.location)
      assert.strictEqual(new URL(other.location).searchParams.get("redirect_uri"), "https://app.test/two/callback")
      assert.strictEqual(crossed.location, "https://app.test/two/failed?problem=stale")
      // the mixed-up answer took the cookie with it, as the person's own browser would have it
      assert.strictEqual(real.location, "https://app.test/one/failed?problem=stale")
    }).pipe(Effect.provide(App.layer())))

  it.effect("keeps several accounts of one person apart", () =>
    Effect.gen(function*() {
      const browser = yield* make({
        account: ({ originalUrl }) => Effect.succeed(originalUrl.includes("work") ? "ada/work" : "ada/home")
      })
      yield* Browser.login(browser, "/oauth/login?as=work", { subject: "ada-at-work" })
      yield* Browser.login(browser, "/oauth/login?as=home", { subject: "ada-at-home" })

      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      assert.lengthOf(yield* server.families, 2)
    }).pipe(Effect.provide(App.layer())))
})

const options: AuthorizationRoutes.Options = {
  origin: Browser.origin,
  path: "/oauth",
  scopes: ["read"],
  account: () => Effect.succeed("ada")
}

const make = (changes?: Partial<AuthorizationRoutes.Options>) =>
  Browser.make(AuthorizationRoutes.layer({ ...options, ...changes }))

function posted(body: string): Browser.Visit {
  return {
    method: "POST",
    body,
    from: "cross-site",
    headers: { "content-type": "application/x-www-form-urlencoded", "origin": "https://as.test" }
  }
}

const exchanged = Effect.flatMap(
  TestAuthorizationServer.TestAuthorizationServer,
  (server) => Effect.map(server.exchanges, (all) => all.filter(({ endpoint }) => endpoint === "token").length)
)
