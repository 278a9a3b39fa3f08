import { OAuthError, TokenService } from "@effect-oauth/core"
import { Fault, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { AuthorizationRoutes, BrowserSessions, ConnectionRoutes, CsrfDefence, SessionLogin } from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import { type HttpServerRequest, HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as App from "./support/App.ts"
import * as Browser from "./support/Browser.ts"

describe("ConnectionRoutes", () => {
  describe("status", () => {
    it.effect("tells how the grant of the session stands, and no token [10017-6.1.2.1-a]", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()

        const { body, headers, status } = yield* browser.get("/oauth/status")

        assert.strictEqual(status, 200)
        assert.strictEqual(headers["cache-control"], "no-store")
        assert.deepStrictEqual(JSON.parse(body), {
          provider: "test",
          state: "Active",
          connected: true,
          scopes: ["read"],
          expiresAt: "1970-01-01T01:00:00.000Z",
          renewable: true,
          serial: 1
        })
      }).pipe(Effect.provide(App.layer())))

    it.effect("answers 401 without a session", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make(routes)

        assert.strictEqual((yield* browser.get("/oauth/status")).status, 401)
      }).pipe(Effect.provide(App.layer())))

    it.effect("tells that there is no grant", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const service = yield* TokenService.TokenService
        yield* service.forget(service.key(yield* account(browser)))

        const { body } = yield* browser.get("/oauth/status")

        assert.deepStrictEqual(pick(body), { state: "Absent", connected: false })
      }).pipe(Effect.provide(App.layer())))

    it.effect("tells why the grant has ended", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const service = yield* TokenService.TokenService
        yield* service.ended(service.key(yield* account(browser)))

        const { body } = yield* browser.get("/oauth/status")

        assert.deepStrictEqual(pick(body), { state: "ReauthorizationRequired", connected: false, why: "Ended" })
      }).pipe(Effect.provide(App.layer())))

    it.effect("is not asked for another account by an address or a header", () =>
      Effect.gen(function*() {
        const { browser: ada } = yield* connected()
        const bob = yield* signedIn("bob")

        const { body } = yield* bob.get(`/oauth/status?account=${yield* account(ada)}`, { "x-account": "ada" })

        assert.deepStrictEqual(pick(body), { state: "Absent", connected: false })
      }).pipe(Effect.provide(App.layer())))

    it.effect("answers 503 where the store does not, and names no reason of it", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const service = yield* TokenService.TokenService
        const broken = yield* Browser.make(routesWith("ada")).pipe(
          Effect.provideService(TokenService.TokenService, { ...service, status: () => Effect.fail(unavailable) })
        )

        const { body, status } = yield* broken.get("/oauth/status", { accept: "application/json" })

        assert.isTrue(browser.cookies.has("__Host-Http-session"))
        assert.deepStrictEqual([status, JSON.parse(body).kind], [503, "unavailable"])
        assert.notInclude(body, "ECONNREFUSED")
      }).pipe(Effect.provide(App.layer())))
  })

  describe("events", () => {
    it.effect("tells the state at once, and every change of it", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const service = yield* TokenService.TokenService
        const key = service.key(yield* account(browser))
        const response = yield* browser.ask("/oauth/events")
        const { next } = Browser.pieces(response)
        const first = yield* next

        yield* service.refresh(key)
        const renewed = yield* until(next, (told) => told.serial === 2 && told.state === "Active")
        yield* service.ended(key)
        const ended = yield* until(next, (told) => !told.connected)

        assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
        assert.match(first ?? "", /^event: connection\ndata: \{"provider":"test","state":"Active"/)
        assert.deepStrictEqual([renewed.serial, ended.why], [2, "Ended"])
      }).pipe(Effect.provide(App.layer())))

    it.effect("tells what another node did, by the store", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const other = yield* TokenService.make()
        const { next } = Browser.pieces(yield* browser.ask("/oauth/events"))
        yield* next

        yield* other.revoke(other.key(yield* account(browser)))

        const told = yield* until(next, ({ connected }) => !connected)
        assert.strictEqual(told.state, "Revoked")
      }).pipe(Effect.scoped, Effect.provide(App.layer())))

    it.effect("tells nothing of another account", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const service = yield* TokenService.TokenService
        const bob = yield* signedIn("bob")
        const { next } = Browser.pieces(yield* bob.ask("/oauth/events"))
        yield* next

        yield* service.refresh(service.key(yield* account(browser)))
        const heard = yield* Effect.forkChild(next)
        yield* TestClock.adjust("15 seconds")

        // nothing but the heartbeat
        assert.strictEqual(yield* Fiber.join(heard), ": ")
      }).pipe(Effect.provide(App.layer())))

    it.effect("answers 401 without a session", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make(routes)

        assert.strictEqual((yield* browser.get("/oauth/events")).status, 401)
      }).pipe(Effect.provide(App.layer())))

    it.effect("ends with the session, at the next heartbeat", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const sessions = yield* BrowserSessions.BrowserSessions
        const { next } = Browser.pieces(yield* browser.ask("/oauth/events"))
        yield* next
        yield* sessions.endAll({ account: yield* account(browser) })

        const heard = yield* Effect.forkChild(next)
        yield* TestClock.adjust("15 seconds")

        assert.isUndefined(yield* Fiber.join(heard))
      }).pipe(Effect.provide(App.layer())))

    it.effect("does not hang for a HEAD", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()

        const { body, status } = yield* browser.visit("/oauth/events", { method: "HEAD" })

        assert.deepStrictEqual([status, body], [204, ""])
      }).pipe(Effect.provide(App.layer())))
  })

  describe("disconnect", () => {
    it.effect("revokes the grant here and at the server, and leads on", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const server = yield* TestAuthorizationServer.TestAuthorizationServer

        const { location, status } = yield* browser.submit("/oauth/disconnect", { return_to: "/bye" })

        assert.deepStrictEqual([status, location], [303, "https://app.test/bye"])
        assert.deepStrictEqual((yield* server.families).map(({ revoked }) => revoked), [true])
        assert.strictEqual(pick((yield* browser.get("/oauth/status")).body).state, "Revoked")
      }).pipe(Effect.provide(App.layer())))

    it.effect("tells a script whether the server knows", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        yield* server.injectBy(({ endpoint }) => endpoint === "revocation" ? Fault.connectionRefused : undefined)

        const { body, status } = yield* browser.visit("/oauth/disconnect", {
          method: "POST",
          headers: { [CsrfDefence.header]: "1", "sec-fetch-site": "same-origin" }
        })

        assert.deepStrictEqual([status, JSON.parse(body)], [200, { remote: "pending" }])
      }).pipe(Effect.provide(App.layer())))

    it.effect("is done where there is no grant", () =>
      Effect.gen(function*() {
        const bob = yield* signedIn("bob")

        assert.strictEqual((yield* bob.submit("/oauth/disconnect")).status, 303)
      }).pipe(Effect.provide(App.layer())))

    const forged: ReadonlyArray<readonly [string, Record<string, string>]> = [
      ["another site", { "sec-fetch-site": "cross-site", "origin": "https://evil.test" }],
      ["another host of the domain", { "sec-fetch-site": "same-site" }],
      ["nobody knows where", {}]
    ]
    for (const [name, headers] of forged) {
      it.effect(`is not done for ${name} [10017-6.1.3.3-a]`, () =>
        Effect.gen(function*() {
          const { browser } = yield* connected()

          const { status } = yield* browser.visit("/oauth/disconnect", {
            method: "POST",
            body: "",
            headers: { "content-type": "application/x-www-form-urlencoded", ...headers }
          })

          assert.strictEqual(status, 403)
          assert.strictEqual(pick((yield* browser.get("/oauth/status")).body).state, "Active")
        }).pipe(Effect.provide(App.layer())))
    }

    it.effect("leads nowhere else, and then does nothing [9700-4.11.1-a]", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()

        const { status } = yield* browser.submit("/oauth/disconnect", { return_to: "//evil.test" })

        assert.strictEqual(status, 400)
        assert.strictEqual(pick((yield* browser.get("/oauth/status")).body).state, "Active")
      }).pipe(Effect.provide(App.layer())))

    it.effect("leads to one place, and then does nothing", () =>
      Effect.gen(function*() {
        const { browser } = yield* connected()

        const { status } = yield* browser.visit("/oauth/disconnect", {
          ...Browser.form(),
          body: "return_to=/a&return_to=//evil.test"
        })

        assert.strictEqual(status, 400)
        assert.strictEqual(pick((yield* browser.get("/oauth/status")).body).state, "Active")
      }).pipe(Effect.provide(App.layer())))

    it.effect("answers 401 without a session", () =>
      Effect.gen(function*() {
        const browser = yield* Browser.make(routes)

        assert.strictEqual((yield* browser.submit("/oauth/disconnect")).status, 401)
      }).pipe(Effect.provide(App.layer())))
  })
})

const where = { origin: Browser.origin, path: "/oauth" } as const

const routes = Layer.unwrap(Effect.gen(function*() {
  const login = yield* SessionLogin.make()
  const account = yield* SessionLogin.account
  return Layer.merge(
    AuthorizationRoutes.layer({ ...where, ...login, scopes: ["read"] }),
    ConnectionRoutes.layer({ ...where, account })
  )
}))

const routesWith = (account: string) => ConnectionRoutes.layer({ ...where, account: () => Effect.succeed(account) })

const connected = Effect.fnUntraced(function*() {
  const browser = yield* Browser.make(routes)
  yield* Browser.login(browser)
  return { browser }
})

/** A browser with a session, and no grant. */
const signedIn = Effect.fnUntraced(function*(account: string) {
  const sessions = yield* BrowserSessions.BrowserSessions
  const browser = yield* Browser.make(routes)
  const response = yield* sessions.start(HttpServerResponse.empty(), { account })
  const [, value = ""] = /=([^;]*)/.exec(HttpServerResponse.toWeb(response).headers.getSetCookie()[0] ?? "") ?? []
  browser.cookies.set("__Host-Http-session", { value, sameSite: "Strict" })
  return browser
})

/** Whose session a browser has. */
const account = Effect.fnUntraced(
  function*({ request }: { readonly request: (to: string) => HttpServerRequest.HttpServerRequest }) {
    const sessions = yield* BrowserSessions.BrowserSessions
    return Option.getOrThrow(yield* sessions.read(request("/"))).account
  }
)

const pick = (body: string): { readonly state: string; readonly connected: boolean; readonly why?: string } => {
  const { connected, state, why } = JSON.parse(body)
  return { state, connected, ...(why === undefined ? {} : { why }) }
}

const until = Effect.fnUntraced(function*(
  next: Effect.Effect<string | undefined>,
  holds: (told: ConnectionRoutes.Connection) => boolean
) {
  while (true) {
    const data = /^data: (.*)$/m.exec((yield* next) ?? assert.fail("the events have ended"))?.[1]
    const told: ConnectionRoutes.Connection | undefined = data === undefined ? undefined : JSON.parse(data)
    if (told !== undefined && holds(told)) return told
  }
})

const unavailable = OAuthError.make(
  "TokenStore",
  "read",
  new OAuthError.StoreUnavailable({ store: "postgres", problem: "ECONNREFUSED" })
)
