/**
 * OpenID Connect Front-Channel Logout as a browser does it: the server's page shows the application's route in a frame, on
 * another site, whose cookies a browser does not bring.
 */
import { AuthorizationServer, OAuthClient, PendingAuthorizations, TokenStore } from "@effect-oauth/core"
import { TestAuthorizationServer, TestCrypto } from "@effect-oauth/core/testing"
import { BrowserSessions, LogoutRoutes } from "@effect-oauth/web"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, type Scope } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { Persistence } from "effect/persistence"
import * as Http from "node:http"
import type { Browser, Page, Request } from "playwright-core"
import * as Chromium from "./support/chromium.ts"
import * as Ports from "./support/ports.ts"

Chromium.inChromium("front-channel logout", (browser) => {
  it.live("ends the session that the server names, in a frame that gets no cookie", () =>
    Effect.gen(function*() {
      const { app, page, server } = yield* signedIn(browser())
      const headers: Array<ReturnType<Request["allHeaders"]>> = []
      page.on("request", (request) => {
        if (request.url().startsWith(`${app}/oauth/logout/front`)) {
          headers.push(request.allHeaders())
        }
      })

      const before = yield* who(page, app)
      yield* Effect.promise(async () => {
        await page.goto(`${server}/logout?sid=s-1`)
        await page.frameLocator("iframe").getByRole("heading", { name: "Signed out" }).waitFor()
      })

      assert.deepStrictEqual([before, yield* who(page, app)], ["ada", "nobody"])
      const sent = yield* Effect.promise(() => Promise.all(headers))
      assert.deepStrictEqual(sent.map(({ cookie }) => cookie), [undefined])
    }).pipe(Effect.scoped))

  it.live("leaves the session of another login alone", () =>
    Effect.gen(function*() {
      const { app, page, server } = yield* signedIn(browser())

      yield* Effect.promise(async () => {
        await page.goto(`${server}/logout?sid=s-2`)
        await page.frameLocator("iframe").getByRole("heading", { name: "Signed out" }).waitFor()
      })

      assert.strictEqual(yield* who(page, app), "ada")
    }).pipe(Effect.scoped))

  it.live("is shown in no frame of another site", () =>
    Effect.gen(function*() {
      const { app, page, server } = yield* signedIn(browser())
      const other = yield* listen((response) =>
        response.end(`<iframe src="${app}/oauth/logout/front?iss=${encodeURIComponent(server)}&sid=s-2"></iframe>`)
      )

      yield* Effect.promise(async () => {
        const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()))
        await page.goto(other)
        await refused
      })

      assert.strictEqual(yield* who(page, app), "ada")
    }).pipe(Effect.scoped))
})

// to a browser, localhost and 127.0.0.1 are two sites
const signedIn = Effect.fnUntraced(function*(browser: Browser) {
  const port = yield* Ports.free
  const app = `http://localhost:${port}`
  const server: string = yield* listen((response, url) =>
    response.end(
      `<h1>Signing out</h1><iframe src="${app}/oauth/logout/front?iss=${encodeURIComponent(server)}&sid=${
        url.searchParams.get("sid")
      }"></iframe>`
    )
  )
  const routes = Layer.mergeAll(LogoutRoutes.layer({ origin: app, path: "/oauth" }), own(server))
  yield* Layer.build(
    HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provide(BrowserSessions.layer()),
      Layer.provide(OAuthClient.layerWith()),
      // the one in memory has an issuer at https, and this one is a page of this machine
      Layer.provide(Layer.effect(
        AuthorizationServer.AuthorizationServer,
        Effect.map(AuthorizationServer.AuthorizationServer, (made) => ({ ...made, issuer: server }))
      )),
      Layer.provide(TestAuthorizationServer.layer()),
      Layer.provide([
        TokenStore.layerMemory,
        PendingAuthorizations.layerMemory(),
        Persistence.layerBackingMemory,
        TestCrypto.layer()
      ]),
      Layer.provide(NodeHttpServer.layer(() => Http.createServer(), { port, host: "127.0.0.1" }))
    )
  )
  const page = yield* Effect.acquireRelease(
    Effect.promise(() => browser.newPage()),
    (page) => Effect.promise(() => page.close())
  )
  yield* Effect.promise(() => page.goto(`${app}/begin`))
  return { app, page, server }
})

/** A session as a login begins it, and who has one. */
const own = (issuer: string) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const sessions = yield* BrowserSessions.BrowserSessions
    yield* router.add("GET", "/begin", () =>
      Effect.orDie(sessions.start(HttpServerResponse.text("begun"), {
        account: "ada",
        identity: {
          issuer,
          subject: "user-1",
          audience: ["test-client"],
          issuedAt: 0,
          expiresAt: 300,
          claims: Redacted.make({ sid: "s-1" })
        }
      })))
    yield* router.add("GET", "/who", (request) =>
      Effect.map(Effect.orDie(sessions.read(request)), (session) =>
        HttpServerResponse.text(Option.match(session, {
          onNone: () =>
            "nobody",
          onSome: ({ account }) =>
            account
        }))))
  }))

const who = (page: Page, app: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    await page.goto(`${app}/who`)
    return page.locator("body").innerText()
  })

const listen = (
  answer: (response: Http.ServerResponse, url: URL) => void
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer((request, response) => {
          response.writeHead(200, { "content-type": "text/html" })
          answer(response, new URL(request.url ?? "/", "http://127.0.0.1"))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    }
  )
