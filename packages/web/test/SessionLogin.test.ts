import { OAuthError, TokenService } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { AuthorizationRoutes, BrowserSessions, Problem, SessionLogin } from "@effect-oauth/web"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import * as App from "./support/App.ts"
import * as Browser from "./support/Browser.ts"

describe("SessionLogin", () => {
  it.effect("signs a browser in with the login, as somebody new", () =>
    Effect.gen(function*() {
      const browser = yield* make()

      yield* Browser.login(browser)

      const { body } = yield* browser.get("/who")
      assert.match(body, /^guest-[\w-]{22}$/)
    }).pipe(Effect.provide(App.layer())))

  it.effect("comes out of the authorization server's site with the strict cookie kept back, and goes on with it", () =>
    Effect.gen(function*() {
      const browser = yield* make()
      const answer = yield* Browser.agree(yield* browser.get("/oauth/login?return_to=/who"))

      const landed = yield* browser.visit(answer, { from: "cross-site" })
      const shown = yield* browser.visit(landed.location, { from: "cross-site" })
      const [, next = ""] = /content="0;url=([^"]*)"/.exec(shown.body) ?? []

      assert.strictEqual((yield* browser.visit(next, { from: "cross-site" })).status, 401)
      assert.strictEqual((yield* browser.visit(next)).status, 200)
    }).pipe(Effect.provide(App.layer())))

  it.effect("gives the session a new name at every login, and the old one has ended", () =>
    Effect.gen(function*() {
      const browser = yield* make()
      yield* Browser.login(browser)
      const before = browser.cookies.get(session)
      const { body: who } = yield* browser.get("/who")
      const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))
      yield* browser.visit(answer, { from: "cross-site" })
      const after = browser.cookies.get(session)

      const { body: same } = yield* browser.get("/who")
      if (before !== undefined) browser.cookies.set(session, before)
      const { status } = yield* browser.get("/who")

      assert.notStrictEqual(after?.value, before?.value)
      assert.deepStrictEqual([same, status], [who, 401])
    }).pipe(Effect.provide(App.layer())))

  it.effect("takes no session that somebody foisted on the browser before the login", () =>
    Effect.gen(function*() {
      const attacker = yield* make()
      yield* Browser.login(attacker)
      const planted = attacker.cookies.get(session) ?? assert.fail("no session")
      const victim = yield* make()
      victim.cookies.set(session, planted)

      yield* Browser.login(victim, "/oauth/login", { subject: "victim" })

      assert.strictEqual((yield* attacker.get("/who")).status, 401)
      assert.notStrictEqual(victim.cookies.get(session)?.value, planted.value)
    }).pipe(Effect.provide(App.layer())))

  it.effect("sets no session where the login fails", () =>
    Effect.gen(function*() {
      const browser = yield* make()

      yield* Browser.login(browser, "/oauth/login", { error: "access_denied" })

      assert.isFalse(browser.cookies.has(session))
    }).pipe(Effect.provide(App.layer())))

  it.effect("tells by problem details that there is no session", () =>
    Effect.gen(function*() {
      const browser = yield* make()

      const { body, status } = yield* browser.get("/who", { accept: "application/json" })

      assert.deepStrictEqual([status, JSON.parse(body).kind], [401, "signed-out"])
    }).pipe(Effect.provide(App.layer())))

  describe("link", () => {
    it.effect("decides whose grant it becomes, once it is known who logged in", () =>
      Effect.gen(function*() {
        const service = yield* TokenService.TokenService
        const browser = yield* make({
          ...openid,
          link: ({ identity }) => Effect.succeed(`person-${Option.getOrThrow(identity).subject}`)
        })

        yield* Browser.login(browser, "/oauth/login", { subject: "ada" })

        assert.strictEqual((yield* browser.get("/who")).body, "person-ada")
        assert.isTrue(Option.isSome(yield* service.status(service.key("person-ada"))))
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("signs the same person in again as the same account, in another browser", () =>
      Effect.gen(function*() {
        const link: AuthorizationRoutes.Options["link"] = ({ identity }) =>
          Effect.succeed(`person-${Option.getOrThrow(identity).subject}`)
        const browsers = [yield* make({ ...openid, link }), yield* make({ ...openid, link })]

        const names = yield* Effect.forEach(browsers, (browser) =>
          Effect.andThen(
            Browser.login(browser, "/oauth/login", { subject: "ada" }),
            Effect.map(browser.get("/who"), ({ body }) => body)
          ))

        assert.deepStrictEqual(names, ["person-ada", "person-ada"])
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("that refuses keeps nothing, revokes the tokens, and says why", () =>
      Effect.gen(function*() {
        const server = yield* TestAuthorizationServer.TestAuthorizationServer
        const browser = yield* make({ ...openid, link: () => Effect.fail(Problem.make("linked")) })

        const { location } = yield* Browser.login(browser, "/oauth/login", { subject: "ada" })

        assert.strictEqual(location, "https://app.test/oauth/failed?problem=linked")
        assert.isFalse(browser.cookies.has(session))
        const families = yield* server.families
        assert.deepStrictEqual(families.map(({ revoked }) => revoked), [true])
      }).pipe(Effect.provide(App.layerOpenId())))

    it.effect("that fails is a failed login", () =>
      Effect.gen(function*() {
        const browser = yield* make({
          ...openid,
          link: () =>
            Effect.fail(
              OAuthError.make(
                "App",
                "link",
                new OAuthError.StoreUnavailable({ store: "users", problem: "ECONNREFUSED" })
              )
            )
        })

        const { location } = yield* Browser.login(browser, "/oauth/login", { subject: "ada" })

        assert.strictEqual(location, "https://app.test/oauth/failed?problem=unavailable")
      }).pipe(Effect.provide(App.layerOpenId())))
  })

  it.effect("stands beside an HttpApi, in one router", () =>
    Effect.gen(function*() {
      const api = HttpApi.make("app").add(
        HttpApiGroup.make("me").add(
          HttpApiEndpoint.get("who", "/api/who", { success: Schema.String, error: Schema.String })
        )
      )
      const handlers = HttpApiBuilder.group(
        api,
        "me",
        Effect.fnUntraced(function*(handlers) {
          const sessions = yield* BrowserSessions.BrowserSessions
          return handlers.handle(
            "who",
            ({ request }) =>
              Effect.flatMap(
                Effect.orDie(sessions.read(request)),
                Option.match({
                  onNone: () => Effect.fail("signed out"),
                  onSome: ({ account }) => Effect.succeed(account)
                })
              )
          )
        })
      )
      const browser = yield* Browser.make(
        Layer.merge(routes(), HttpApiBuilder.layer(api).pipe(Layer.provide(handlers)))
      )
      yield* Browser.login(browser)

      const { body } = yield* browser.get("/api/who")

      assert.match(body, /guest-/)
    }).pipe(Effect.provide(Layer.merge(App.layer(), NodeHttpServer.layerHttpServices))))
})

const session = "__Host-Http-session"

const openid = { scopes: ["openid", "read"] }

/** Says whose session it is. */
const who = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const account = yield* SessionLogin.account
  yield* router.add("GET", "/who", (request) =>
    Effect.match(account(request), {
      onFailure: (response) => response,
      onSuccess: (name) => HttpServerResponse.text(name)
    }))
}))

const routes = (changes?: Partial<AuthorizationRoutes.Options>) =>
  Layer.merge(
    who,
    Layer.unwrap(Effect.map(SessionLogin.make(), (login) =>
      AuthorizationRoutes.layer({ ...login, origin: Browser.origin, path: "/oauth", scopes: ["read"], ...changes })))
  )

const make = (changes?: Partial<AuthorizationRoutes.Options>) => Browser.make(routes(changes))
