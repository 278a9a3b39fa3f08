/** A login at this machine as a person has it: a real browser, and the pages of `oidc-provider`. */
import {
  Login,
  OAuthClient,
  OAuthHttpClient,
  PendingAuthorizations,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { LoopbackLogin } from "@effect-oauth/node"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, type Scope } from "effect"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import { Provider } from "oidc-provider"
import type { Browser, BrowserContext, Page } from "playwright-core"
import * as Chromium from "../../browser/test/support/chromium.ts"
// somebody whose browser brings the answer by hand
import * as Person from "../../generic-rfc6749/test/interop/support/browser.ts"

let browser: Browser
let server: http.Server
let issuer: string

describe.skipIf(Chromium.isMissing)("LoopbackLogin in Chromium", { concurrent: false }, () => {
  beforeAll(async () => {
    ;[browser, server] = await Promise.all([Chromium.launch(), listen((origin) => provider(origin).callback())])
    issuer = originOf(server)
  })

  afterAll(async () => {
    await browser.close()
    server.close()
    server.closeAllConnections()
  })

  test("ends at a page that says so, with a grant", (tab) =>
    Effect.gen(function*() {
      const { done, url } = yield* begun()

      yield* agree(tab, url)

      yield* shows(tab, "The answer has arrived")
      assert.include(yield* text(tab), "go back to My tool")
      assert.strictEqual((yield* Fiber.join(done)).renewable, true)
    }))

  test("shows a page that runs nothing, in light and in dark", (tab) =>
    Effect.gen(function*() {
      const { done, url } = yield* begun({ logo })
      const complaints: Array<string> = []
      tab.on("console", (message) => complaints.push(message.text()))

      yield* agree(tab, url)
      yield* shows(tab, "The answer has arrived")

      const colours = yield* Effect.forEach(["light", "dark"] as const, (colorScheme) =>
        promise(async () => {
          await tab.emulateMedia({ colorScheme })
          await picture(tab, `closing-page-${colorScheme}`)
          return tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
        }))
      assert.notStrictEqual(colours[0], colours[1])
      assert.isTrue(yield* promise(() => tab.evaluate(() => document.images[0]?.naturalWidth === 64)))
      // what the policy refuses is written there; the icon that every browser asks for is no part of the page
      assert.deepStrictEqual(complaints.filter((text) => /content security policy/i.test(text)), [])
      yield* Fiber.join(done)
    }))

  test("tells that the person refused", (tab) =>
    Effect.gen(function*() {
      const { done, url } = yield* begun()

      yield* visit(tab, url)
      yield* promise(() => tab.getByText("Cancel").click())

      yield* shows(tab, "The answer has arrived")
      assert.strictEqual((yield* Effect.flip(Fiber.join(done))).reason._tag, "AuthorizationRefused")
    }))

  test("gives up where the tab was closed", (tab) =>
    Effect.gen(function*() {
      const { done, url } = yield* begun({ timeToLive: "2 seconds" })

      yield* visit(tab, url)
      yield* promise(() => tab.close())

      const { reason } = yield* Effect.flip(Fiber.join(done))
      assert.strictEqual(reason._tag === "CallbackRejected" && reason.problem, "expired")
    }))

  test("is done once, whoever goes back, or loads the page again", (tab) =>
    Effect.gen(function*() {
      const { done, hold, url } = yield* begun()
      yield* agree(tab, url)
      yield* shows(tab, "The answer has arrived")
      const { key } = yield* Fiber.join(done)

      yield* promise(() => tab.reload())
      const again = yield* text(tab)
      yield* promise(() => tab.goBack())
      yield* promise(() => tab.goForward())

      assert.include(again, "Already answered")
      assert.include(yield* text(tab), "Already answered")
      assert.strictEqual((yield* hold.status(key)).serial, 1)
    }))

  test("is done once where the answer is brought twice at the same time", (tab) =>
    Effect.gen(function*() {
      const { done, hold, url } = yield* begun()
      const { url: callback } = yield* Person.visit(url)

      const pages = yield* promise(async () => {
        const tabs = await Promise.all([tab.context().newPage(), tab.context().newPage()])
        await Promise.all(tabs.map((tab) => tab.goto(callback)))
        return Promise.all(tabs.map((tab) => tab.locator("h1").textContent()))
      })

      const { key } = yield* Fiber.join(done)
      assert.deepStrictEqual(new Set(pages), new Set(["Already answered", "The answer has arrived"]))
      assert.strictEqual((yield* hold.status(key)).serial, 1)
    }))

  test("does not mix up two that run at once", (tab) =>
    Effect.gen(function*() {
      const [first, second] = [yield* begun({ account: "ada" }), yield* begun({ account: "bob" })]
      const context = yield* promise(() => browser.newContext())
      const other = yield* promise(() => context.newPage())

      yield* agree(other, second.url)
      yield* agree(tab, first.url)

      assert.strictEqual((yield* Fiber.join(first.done)).key.account, "ada")
      assert.strictEqual((yield* Fiber.join(second.done)).key.account, "bob")
      yield* promise(() => context.close())
    }))

  test("is not disturbed by what a browser asks for besides", (tab) =>
    Effect.gen(function*() {
      const { done, ignored, redirectUri, url } = yield* begun()

      yield* promise(async () => {
        const tabs = await Promise.all([1, 2, 3].map(() => tab.context().newPage()))
        await Promise.all([
          tabs[0]?.goto(new URL("/favicon.ico", redirectUri).href),
          tabs[1]?.goto(`${redirectUri}?code=forged&state=forged`),
          tabs[2]?.goto(redirectUri)
        ])
      })
      yield* agree(tab, url)

      yield* Fiber.join(done)
      assert.strictEqual(yield* ignored, 2)
    }))

  test("is not spent by a browser that looks ahead", (tab) =>
    Effect.gen(function*() {
      const { done, redirectUri, url } = yield* begun()
      const { url: callback } = yield* Person.visit(url)
      const asked: Array<string | undefined> = []
      // a page that has the browser fetch the answer before anybody goes there
      const page = yield* Effect.promise(() =>
        listen(() => (_, response) => {
          response.setHeader("content-type", "text/html")
          response.end(`<link rel=prefetch href="${callback.replaceAll("&", "&amp;")}" as=document>`)
        })
      )
      tab.on("response", (response) => {
        if (response.url().startsWith(redirectUri)) asked.push(String(response.status()))
      })

      yield* promise(() => tab.goto(originOf(page)))
      yield* Effect.promise(async () => {
        while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
      })
      yield* promise(() => tab.goto(callback))

      yield* Fiber.join(done)
      assert.deepStrictEqual(asked.slice(0, 2), ["400", "200"])
      page.close()
    }))

  test("takes no answer at another name of this machine", (tab) =>
    Effect.gen(function*() {
      const { done, url } = yield* begun()
      const { url: callback } = yield* Person.visit(url)

      yield* promise(() => tab.goto(callback.replace("127.0.0.1", "localhost")))
      const stray = yield* text(tab)
      yield* promise(() => tab.goto(callback))

      assert.include(stray, "Nothing here")
      yield* shows(tab, "The answer has arrived")
      yield* Fiber.join(done)
    }))
})

function test(name: string, run: (tab: Page) => Effect.Effect<void, unknown, Services>): void {
  it.live(name, () =>
    Effect.scoped(Effect.gen(function*() {
      const context: BrowserContext = yield* Effect.acquireRelease(
        Effect.promise(() => browser.newContext()),
        (context) => Effect.promise(() => context.close())
      )
      context.setDefaultTimeout(60_000)
      const tab = yield* Effect.promise(() => context.newPage())
      yield* Effect.provide(run(tab), layer)
    })))
}

type Services = Layer.Success<typeof layer> | Scope.Scope

const layer = Layer.unwrap(Effect.sync(() =>
  OAuthClient.layer().pipe(
    Layer.provide(GenericRfc6749.layerDiscoveryLoopback({ issuer, clientId: "tool" })),
    Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory(), OAuthHttpClient.layerFetch])
  )
))

/** Begins a login, and waits for its answer in the background. */
const begun = Effect.fnUntraced(function*({ account = "ada", ...options }: LoopbackLogin.Options & {
  readonly account?: string
} = {}) {
  const login = yield* Login.Login
  const grants = yield* TokenService.TokenService
  const { callback, ignored, redirectUri } = yield* LoopbackLogin.listen({ title: "My tool", ...options })
  const { state, url } = yield* login.begin({ account, redirectUri, scopes: ["openid", "offline_access"] })
  const done = yield* Effect.forkScoped(Effect.flatMap(callback(state), login.complete))
  const hold = { status: (key: Login.Completed["key"]) => Effect.flatMap(grants.status(key), Effect.fromOption) }
  return { done, hold, ignored, redirectUri, url }
})

const promise = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

// goes to the server's pages, up to the consent
const visit = (tab: Page, url: string) =>
  promise(async () => {
    await tab.goto(url)
    await tab.locator("input[name=login]").fill("ada")
    await tab.locator("input[name=password]").fill("secret")
    await tab.locator("button[type=submit]").click()
    await tab.getByText("Continue").waitFor()
  })

const agree = (tab: Page, url: string) =>
  Effect.andThen(visit(tab, url), promise(() => tab.getByText("Continue").click()))

const shows = (tab: Page, heading: string) => promise(() => tab.getByRole("heading", { name: heading }).waitFor())

const text = (tab: Page) => promise(() => tab.locator("body").innerText())

// pictures for the documents: written when they are asked for, since no two machines draw alike
const picture = async (tab: Page, name: string): Promise<void> => {
  if (process.env["SCREENSHOTS"] !== "write") return
  const folder = path.resolve(import.meta.dirname, "../../../docs/screenshots")
  fs.mkdirSync(folder, { recursive: true })
  await tab.setViewportSize({ width: 720, height: 420 })
  await tab.screenshot({ path: path.join(folder, `${name}.png`) })
}

const listen = (handler: (origin: string) => http.RequestListener): Promise<http.Server> =>
  new Promise((resolve) => {
    const server = http.createServer()
    server.listen(0, "127.0.0.1", () => {
      server.on("request", handler(originOf(server)))
      resolve(server)
    })
  })

const originOf = (server: http.Server): string => `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`

const provider = (issuer: string): Provider =>
  new Provider(issuer, {
    clients: [{
      client_id: "tool",
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["http://127.0.0.1/callback"]
    }],
    cookies: { keys: ["loopback"] },
    scopes: ["openid", "offline_access"],
    issueRefreshToken: () => Promise.resolve(true),
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, RefreshToken: 3600 }
  })

const logo = `data:image/svg+xml;base64,${
  Buffer.from(
    "<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'><rect width='64' height='64' rx='16' fill='#2563eb'/>" +
      "<path d='M18 33l10 10 18-20' fill='none' stroke='#fff' stroke-width='6'/></svg>"
  ).toString("base64")
}`
