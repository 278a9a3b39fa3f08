import { TokenService } from "@effect-oauth/core"
import { AuthorizationRoutes, BackChannelLogout, BrowserSessions, LogoutRoutes, SessionLogin } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import * as App from "./support/App.ts"
import * as Browser from "./support/Browser.ts"

describe("LogoutRoutes", () => {
  describe("logout", () => {
    it.effect("ends the session here, takes the cookie away, leads on, and keeps the grant", () =>
      Effect.gen(function*() {
        const { account, browser } = yield* signedIn()
        const cookie = browser.cookies.get(session)

        const { location, status } = yield* browser.submit("/oauth/logout", { return_to: "/bye" })

        assert.deepStrictEqual([status, location], [303, "https://app.test/bye"])
        assert.isFalse(browser.cookies.has(session))
        assert.isFalse(yield* isOpen(cookie?.value))
        assert.strictEqual(yield* stateOf(account), "Active")
      }).pipe(Effect.provide(App.layer())))

    it.effect("leaves the person's other browsers signed in", () =>
      Effect.gen(function*() {
        const { account, browser } = yield* signedIn()
        const other = yield* openAs(account)

        yield* browser.submit("/oauth/logout")

        assert.isTrue(yield* isOpen(other))
      }).pipe(Effect.provide(App.layer())))

    it.effect("everywhere ends the person's other sessions and logins under way, and nobody else's", () =>
      Effect.gen(function*() {
        const { account, browser } = yield* signedIn()
        const [other, bob] = [yield* openAs(account), yield* openAs("bob")]
        const begun = yield* browser.get("/oauth/login")

        yield* browser.submit("/oauth/logout", { everywhere: "yes" })

        const { location } = yield* browser.get(yield* Browser.agree(begun))
        assert.deepStrictEqual([yield* isOpen(other), yield* isOpen(bob)], [false, true])
        assert.strictEqual(location, "https://app.test/oauth/failed?problem=stale")
      }).pipe(Effect.provide(App.layer())))

    it.effect("revokes the grant where it is told to", () =>
      Effect.gen(function*() {
        const { account, browser } = yield* signedIn({ grant: "revoke" })

        yield* browser.submit("/oauth/logout")

        assert.strictEqual(yield* stateOf(account), "Revoked")
      }).pipe(Effect.provide(App.layer())))

    it.effect("does no harm without a session", () =>
      Effect.gen(function*() {
        const browser = yield* make()

        const { location, status } = yield* browser.submit("/oauth/logout")

        assert.deepStrictEqual([status, location], [303, "https://app.test/"])
      }).pipe(Effect.provide(App.layer())))

    it.effect("is not done for another site [10017-6.1.3.3-a]", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.visit("/oauth/logout", {
          ...Browser.form(),
          headers: { "origin": "https://evil.test", "sec-fetch-site": "cross-site" }
        })

        assert.strictEqual(status, 403)
        assert.isTrue(yield* isOpen(browser.cookies.get(session)?.value))
      }).pipe(Effect.provide(App.layer())))

    it.effect("leads nowhere else, and then does nothing [9700-4.11.1-a]", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.submit("/oauth/logout", { return_to: "https://evil.test" })

        assert.strictEqual(status, 400)
        assert.isTrue(yield* isOpen(browser.cookies.get(session)?.value))
      }).pipe(Effect.provide(App.layer())))

    it.effect("leads to one place, and then does nothing", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { status } = yield* browser.visit("/oauth/logout", {
          ...Browser.form(),
          body: "return_to=/a&return_to=//evil.test"
        })

        assert.strictEqual(status, 400)
        assert.isTrue(yield* isOpen(browser.cookies.get(session)?.value))
      }).pipe(Effect.provide(App.layer())))

    it.effect("is asked for on a page, and a link alone does nothing", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn()

        const { body, headers, status } = yield* browser.get("/oauth/logout")

        assert.strictEqual(status, 200)
        assert.match(body, /<form method="post" action="\/oauth\/logout">/)
        assert.match(body, /<button type="submit">Sign out<\/button>/)
        assert.strictEqual(headers["referrer-policy"], "same-origin")
        assert.isTrue(yield* isOpen(browser.cookies.get(session)?.value))
      }).pipe(Effect.provide(App.layer())))
  })

  describe("at the server", () => {
    it.effect("sends the browser there, and takes it back where it wanted to go", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn({ server: "end" })
        const before = browser.cookies.size

        const { location } = yield* browser.submit("/oauth/logout", { return_to: "/bye.html?a=b.c" })
        const sent = new URL(location)
        const back = yield* browser.visit(
          `/oauth/logout/done?state=${sent.searchParams.get("state")}`,
          { from: "cross-site" }
        )

        assert.strictEqual(sent.origin + sent.pathname, "https://as.test/end-session")
        assert.strictEqual(sent.searchParams.get("post_logout_redirect_uri"), "https://app.test/oauth/logout/done")
        assert.isFalse(browser.cookies.has(session))
        assert.deepStrictEqual([back.status, back.location], [303, "https://app.test/bye.html?a=b.c"])
        assert.strictEqual(browser.cookies.size, before - 1)
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("is let through by the policy of the page that asks", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn({ server: "end" })

        const { headers } = yield* browser.get("/oauth/logout")

        assert.include(headers["content-security-policy"], "form-action 'self' https://as.test;")
      }).pipe(Effect.provide(App.layerOpenId())))

    for (const query of ["", "?state=", "?state=guessed", "?state=a&state=b"]) {
      it.effect(`is not taken back by an address that nobody waits for: ${query}`, () =>
        Effect.gen(function*() {
          const { browser } = yield* signedIn({ server: "end" })
          yield* browser.submit("/oauth/logout", { return_to: "/bye" })

          const { location, status } = yield* browser.get(`/oauth/logout/done${query}`)

          assert.deepStrictEqual([status, location], [400, ""])
        }).pipe(Effect.provide(App.layerOpenId())))
    }

    it.effect("is taken back after a HEAD that was not meant", () =>
      Effect.gen(function*() {
        const { browser } = yield* signedIn({ server: "end" })
        const { location } = yield* browser.submit("/oauth/logout")
        const back = `/oauth/logout/done?state=${new URL(location).searchParams.get("state")}`

        const head = yield* browser.visit(back, { method: "HEAD" })
        const { status } = yield* browser.get(back)

        assert.deepStrictEqual([head.status, status], [405, 303])
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("leads home where the cookie was made up", () =>
      Effect.gen(function*() {
        const browser = yield* make({ server: "end" })
        browser.cookies.set("__Host-Http-leaving", { value: "s.%2F%2Fevil.test", sameSite: "Lax" })

        const { location } = yield* browser.get("/oauth/logout/done?state=s")

        assert.strictEqual(location, "https://app.test/")
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("is refused when the routes are built where the server has no sign-out", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(make({ server: "end" }))

        assert.strictEqual(error.reason._tag === "ConfigurationInvalid" ? error.reason.field : "", "server")
      }).pipe(Effect.provide(App.layer())))
  })

  describe("in a frame of the server", () => {
    it.effect("ends the sessions of that session at the server, without cookies", () =>
      Effect.gen(function*() {
        const browser = yield* make()
        const mine = yield* openAs("ada", { subject: "user-1", sid: "s-1" })
        const other = yield* openAs("ada", { subject: "user-1", sid: "s-2" })

        const { headers, status } = yield* browser.visit("/oauth/logout/front?iss=https://as.test&sid=s-1", {
          from: "cross-site"
        })

        assert.strictEqual(status, 200)
        assert.match(headers["content-security-policy"] ?? "", /frame-ancestors https:\/\/as\.test$/)
        assert.deepStrictEqual([yield* isOpen(mine), yield* isOpen(other)], [false, true])
      }).pipe(Effect.provide(App.layer())))

    for (
      const query of [
        "",
        "?sid=s-1",
        "?iss=https://as.test",
        "?iss=https://evil.test&sid=s-1",
        "?iss=https://as.test&sid=s-1&sid=s-2"
      ]
    ) {
      it.effect(`does nothing for ${query === "" ? "no words" : query}`, () =>
        Effect.gen(function*() {
          const browser = yield* make()
          const mine = yield* openAs("ada", { subject: "user-1", sid: "s-1" })

          const { status } = yield* browser.get(`/oauth/logout/front${query}`)

          assert.deepStrictEqual([status, yield* isOpen(mine)], [400, true])
        }).pipe(Effect.provide(App.layer())))
    }
  })
})

describe("BackChannelLogout", () => {
  it.effect("ends the sessions of that session at the server", () =>
    Effect.gen(function*() {
      const browser = yield* make({}, back())
      const sessions = [
        yield* openAs("ada", { subject: "user-1", sid: "s-1" }),
        yield* openAs("ada", { subject: "user-1", sid: "s-2" }),
        yield* openAs("bob", { subject: "user-2", sid: "s-3" })
      ]

      const { body, headers, status } = yield* browser.visit("/oauth/logout/back", yield* App.told({ sid: "s-1" }))

      assert.deepStrictEqual([status, body, headers["cache-control"]], [200, "", "no-store"])
      assert.deepStrictEqual(yield* Effect.forEach(sessions, isOpen), [false, true, true])
    }).pipe(Effect.provide(App.layerOpenId())))

  it.effect("ends all sessions of the person where no session at the server is named", () =>
    Effect.gen(function*() {
      const browser = yield* make({}, back())
      const sessions = [
        yield* openAs("ada", { subject: "user-1", sid: "s-1" }),
        yield* openAs("ada", { subject: "user-1", sid: "s-2" }),
        yield* openAs("bob", { subject: "user-2", sid: "s-3" })
      ]

      yield* browser.visit("/oauth/logout/back", yield* App.told({ sid: undefined }))

      assert.deepStrictEqual(yield* Effect.forEach(sessions, isOpen), [false, false, true])
    }).pipe(Effect.provide(App.layerOpenId())))

  it.effect("ends what else the application says", () =>
    Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const grants: Array<string> = []
      const signedOut = () =>
        Effect.forEach(grants, (account) => service.ended(service.key(account)), { discard: true })
      const { account, browser } = yield* signedIn({}, back({ signedOut }))
      grants.push(account)

      yield* browser.visit("/oauth/logout/back", yield* App.told({}))

      assert.strictEqual(yield* stateOf(account), "ReauthorizationRequired")
    }).pipe(Effect.provide(App.layerOpenId())))

  const unbelieved: ReadonlyArray<readonly [string, Effect.Effect<Browser.Visit, never, App.Signer>]> = [
    ["that is missing", Effect.succeed(Browser.form({}))],
    [
      "that is there twice",
      Effect.map(App.told({}), (visit) => ({ ...visit, body: [visit.body, visit.body].join("&") }))
    ],
    ["that is no JWT", Effect.succeed(Browser.form({ logout_token: "x.y.z" }))],
    ["of another issuer", App.told({ iss: "https://evil.test" })],
    ["for another client", App.told({ aud: "other" })],
    ["that is an ID token", App.told({ nonce: "n" })],
    ["that has ended", App.told({ exp: 0 })]
  ]
  for (const [name, visit] of unbelieved) {
    it.effect(`answers 400 to a token ${name}, and ends nothing`, () =>
      Effect.gen(function*() {
        const browser = yield* make({}, back())
        const mine = yield* openAs("ada", { subject: "user-1", sid: "s-1" })

        const { body, status } = yield* browser.visit("/oauth/logout/back", yield* visit)

        assert.deepStrictEqual([status, JSON.parse(body).error], [400, "invalid_request"])
        assert.isTrue(yield* isOpen(mine))
      }).pipe(Effect.provide(App.layerOpenId())))
  }

  it.effect("answers 400 to a token that came before", () =>
    Effect.gen(function*() {
      const browser = yield* make({}, back())
      const visit = yield* App.told({})
      yield* browser.visit("/oauth/logout/back", visit)

      assert.strictEqual((yield* browser.visit("/oauth/logout/back", visit)).status, 400)
    }).pipe(Effect.provide(App.layerOpenId())))
})

const session = "__Host-Http-session"

const where = { origin: Browser.origin, path: "/oauth" } as const

function back(changes: Partial<BackChannelLogout.Options> = {}) {
  return BackChannelLogout.layer({ ...where, ...changes })
}

const make = <E = never, R = never>(
  changes: Partial<LogoutRoutes.Options> = {},
  others: Layer.Layer<never, E, R> = Layer.empty
) =>
  Browser.make(Layer.mergeAll(
    LogoutRoutes.layer({ ...where, ...changes }),
    Layer.unwrap(
      Effect.map(SessionLogin.make(), (login) => AuthorizationRoutes.layer({ ...where, ...login, scopes: ["read"] }))
    ),
    others
  ))

const signedIn = Effect.fnUntraced(function*<E = never, R = never>(
  changes?: Partial<LogoutRoutes.Options>,
  others?: Layer.Layer<never, E, R>
) {
  const browser = yield* make(changes, others)
  yield* Browser.login(browser)
  const sessions = yield* BrowserSessions.BrowserSessions
  const { account } = Option.getOrThrow(yield* sessions.read(browser.request("/")))
  return { account, browser }
})

/** A session in another browser; gives its cookie. */
const openAs = Effect.fnUntraced(function*(account: string, who?: { readonly subject: string; readonly sid: string }) {
  const sessions = yield* BrowserSessions.BrowserSessions
  const response = yield* sessions.start(HttpServerResponse.empty(), {
    account,
    ...(who === undefined ? {} : {
      identity: {
        issuer: "https://as.test",
        subject: who.subject,
        audience: ["test-client"],
        issuedAt: 0,
        expiresAt: 300,
        claims: Redacted.make({ sid: who.sid })
      }
    })
  })
  return /=([^;]*)/.exec(HttpServerResponse.toWeb(response).headers.getSetCookie()[0] ?? "")?.[1] ?? ""
})

const isOpen = Effect.fnUntraced(function*(cookie: string | undefined) {
  const sessions = yield* BrowserSessions.BrowserSessions
  const request = HttpServerRequest.fromWeb(
    new Request("https://app.test/", { headers: { cookie: `${session}=${cookie ?? ""}` } })
  )
  return Option.isSome(yield* sessions.read(request))
})

const stateOf = Effect.fnUntraced(function*(account: string) {
  const service = yield* TokenService.TokenService
  return Option.getOrThrow(yield* service.status(service.key(account))).state._tag
})
