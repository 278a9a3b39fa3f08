import { PendingAuthorizationsContract, TokenStoreContract } from "@effect-oauth/core/testing"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Browser, BrowserContext, Page as Tab } from "playwright-core"
import type { Page } from "./page/page.ts"
import * as Chromium from "./support/chromium.ts"
import * as Site from "./support/site.ts"

declare const page: Page

let browser: Browser
let site: Site.Site

describe.skipIf(Chromium.isMissing)("in Chromium", { concurrent: false }, () => {
  beforeAll(async () => {
    ;[browser, site] = await Promise.all([Chromium.launch(), Site.open()])
  })

  afterAll(async () => {
    await browser.close()
    site.close()
  })

  describe("the contract of stores", { concurrent: true }, () => {
    let tab: Tab

    beforeAll(async () => {
      tab = await browser.newPage()
      await tab.goto(`${site.origin}/tab/`)
      await said(tab)
    })

    for (const store of ["IndexedDbTokenStore", "BrowserStorage.layerShared"] as const) {
      for (const [index, { name }] of TokenStoreContract.cases.entries()) {
        it(`is kept by ${store}: ${name}`, async () => {
          const outcome = await tab.evaluate(([store, index]) => page.storeLaw(store, index), [store, index] as const)

          assert.strictEqual(outcome, "holds")
        })
      }
    }

    for (const [index, { name }] of TokenStoreContract.unreadable(() => Effect.void).entries()) {
      it(`is kept by IndexedDbTokenStore: ${name}`, async () => {
        assert.strictEqual(await tab.evaluate((index) => page.unreadableLaw(index), index), "holds")
      })
    }

    for (const keeper of ["IndexedDbPendingAuthorizations", "BrowserStorage.layerTab"] as const) {
      for (const [index, { name }] of PendingAuthorizationsContract.cases.entries()) {
        it(`is kept by ${keeper}: ${name}`, async () => {
          const outcome = await tab.evaluate(
            ([keeper, index]) => page.pendingLaw(keeper, index),
            [keeper, index] as const
          )

          assert.strictEqual(outcome, "holds")
        })
      }
    }

    it("makes no new key over one that it cannot read", async () => {
      assert.deepStrictEqual(await tab.evaluate(() => page.laterKey()), ["RecordInvalid", { later: true }])
    })

    it("is kept in a worker", async () => {
      assert.strictEqual(await tab.evaluate(() => page.inWorker("laws")), "all hold")
    })
  })

  describe("a login", () => {
    test("leaves the page, and comes back with a grant", async (open) => {
      const tab = await loggedIn(open, "tab")

      assert.match(await tab.evaluate<string>(() => page.token()), /^bearer ./i)
    })

    test("sends the challenge of a verifier, by S256, and the redirect URI letter by letter [10017-6.3.2.1-a] [10017-6.3.3.2.1-a]", async (open) => {
      const tab = await open("tab")
      const leaving = tab.waitForRequest((request) => new URL(request.url()).pathname === "/auth")

      await tab.evaluate(() => void page.logIn())

      const { searchParams } = new URL((await leaving).url())
      assert.strictEqual(searchParams.get("code_challenge_method"), "S256")
      assert.match(searchParams.get("code_challenge") ?? "", /^[\w-]{43}$/)
      assert.strictEqual(searchParams.get("redirect_uri"), `${site.origin}/tab/callback`)
    })

    test("leaves no code in the address, nor in the history", async (open) => {
      const tab = await loggedIn(open, "tab")

      assert.strictEqual(tab.url(), `${site.origin}/tab/callback`)
      await tab.reload()
      assert.strictEqual(await said(tab), "ready")
    })

    test("is not completed by an answer that nobody asked for [10017-6.3.2.2-a]", async (open) => {
      const tab = await open("tab")
      await tab.goto(`${site.origin}/tab/callback?code=forged&state=forged&iss=${encodeURIComponent(site.issuer)}`)

      assert.strictEqual(await said(tab), "failed: CallbackRejected")
      assert.notInclude([...site.codes()], "forged")
    })

    test("that is refused says so", async (open) => {
      const tab = await open("tab")
      await leave(tab)

      await tab.getByText("Cancel").click()

      assert.strictEqual(await said(tab), "failed: AuthorizationRefused")
    })
  })

  it("the bundle of an application knows no password grant [10017-7.3-a]", async () => {
    const code = await Site.bundle("application")

    assert.match(code, /grantType: "authorization_code"/)
    assert.notMatch(code, /grantType: "password"/)
  })

  describe("BrowserStorage.layerTab", () => {
    test("gives each tab its own grant, which ends with the page", async (open) => {
      const tab = await loggedIn(open, "tab")
      const other = await open("tab")

      assert.strictEqual(await other.evaluate(() => page.token()), "failed: ReauthorizationRequired")
      await tab.reload()
      await said(tab)
      assert.strictEqual(await tab.evaluate(() => page.token()), "failed: ReauthorizationRequired")
    })

    test("keeps no token anywhere", async (open) => {
      const tab = await loggedIn(open, "tab")
      const token = (await tab.evaluate<string>(() => page.token())).split(" ")[1] ?? ""

      const { exported, text } = await tab.evaluate(() => page.look())

      assert.isFalse(exported)
      assert.notInclude(text, token)
    })
  })

  describe("BrowserStorage.layerShared", () => {
    test("shares a grant with every tab, also after a reload", async (open) => {
      const tab = await loggedIn(open, "shared")
      const other = await open("shared")
      const token = await tab.evaluate(() => page.token())

      assert.strictEqual(await other.evaluate(() => page.token()), token)
      await tab.reload()
      await said(tab)
      assert.strictEqual(await tab.evaluate(() => page.token()), token)
    })

    test("renews once for two tabs that ask at once [10017-6.3.2.3-a]", async (open) => {
      const first = await loggedIn(open, "shared")
      const second = await open("shared")
      for (const tab of [first, second]) await tab.evaluate(() => page.token())

      const renewed = await Promise.all([first, second].map((tab) => tab.evaluate(() => page.renew())))

      assert.match(renewed[0] as string, /^renewed ./)
      assert.strictEqual(renewed[1], renewed[0])
      assert.strictEqual(await first.evaluate(() => page.serial()), 2)
    })

    test("renews once for ten tabs and a worker", async (open) => {
      const first = await loggedIn(open, "shared")
      const others = await Promise.all(Array.from({ length: 9 }, () => open("shared")))
      const tabs = [first, ...others]
      await Promise.all(tabs.map((tab) => tab.evaluate(() => page.token())))

      const renewed = await Promise.all([
        ...tabs.map((tab) => tab.evaluate(() => page.renew())),
        first.evaluate(() => page.serial())
      ])

      assert.strictEqual(new Set(renewed.slice(0, tabs.length)).size, 1)
      assert.strictEqual(await first.evaluate(() => page.serial()), 2)
      assert.match(await first.evaluate(() => page.inWorker("renew")), /^renewed ./)
      assert.strictEqual(await first.evaluate(() => page.serial()), 3)
    })

    test("tells every tab that a grant was revoked", async (open) => {
      const tab = await loggedIn(open, "shared")
      const other = await open("shared")
      await other.evaluate(() => page.token())

      assert.strictEqual(await tab.evaluate(() => page.revoke()), "done")

      // sooner than a snapshot is too old to be believed
      await until(async () => await other.evaluate(() => page.token()) === "failed: ReauthorizationRequired", 15)
    })

    test("goes on where a tab was closed in the middle of a renewal", async (open) => {
      const tab = await loggedIn(open, "shared")
      const other = await open("shared")
      const token = await other.evaluate(() => page.token())
      const arrived = site.swallow()

      void tab.evaluate(() => page.renew()).catch(() => {})
      await arrived
      await tab.close()

      await until(async () => {
        const renewed = await other.evaluate(() => page.renew())
        return typeof renewed === "string" && renewed.startsWith("renewed") && !renewed.endsWith(token)
      })
    })

    test("keeps what it keeps sealed, by a key that cannot be taken out", async (open) => {
      const tab = await loggedIn(open, "shared")
      const token = (await tab.evaluate<string>(() => page.token())).split(" ")[1] ?? ""

      const { exported, text } = await tab.evaluate(() => page.look())

      assert.isFalse(exported)
      assert.include(text, "Sealed")
      assert.notInclude(text, token)
      assert.notInclude(text, "refreshToken")
    })
  })

  describe("IndexedDbDpopKey", () => {
    test("is one for all that ask, also where they ask at once", async (open) => {
      const tabs = await Promise.all([open("tab"), open("tab")])

      const thumbprints = (await Promise.all(tabs.map((tab) => tab.evaluate(() => page.thumbprints())))).flat()

      assert.match(thumbprints[0] ?? "", /^[\w-]{43}$/)
      assert.strictEqual(new Set(thumbprints).size, 1)
    })

    test("binds a grant to the key of the origin, which a reload does not change", async (open) => {
      const tab = await loggedIn(open, "bound")

      const token = await tab.evaluate(() => page.token())
      await tab.reload()
      await said(tab)
      const renewed = await tab.evaluate(() => page.renew())
      const { exported } = await tab.evaluate(() => page.look())

      assert.match(token, /^DPoP ./)
      assert.match(renewed, /^renewed ./)
      assert.isFalse(exported)
    })
  })
})

type Open = (kind: "bound" | "shared" | "tab") => Promise<Tab>

// each test has a profile of its own, so that they run side by side
function test(name: string, run: (open: Open) => Promise<void>): void {
  it(name, async () => {
    const context: BrowserContext = await browser.newContext()
    context.setDefaultTimeout(60_000)
    try {
      await run(async (kind) => {
        const tab = await context.newPage()
        await tab.goto(`${site.origin}/${kind}/`)
        await said(tab)
        return tab
      })
    } finally {
      await context.close()
    }
  })
}

// what the page says once it is ready
async function said(tab: Tab): Promise<string> {
  const text = tab.locator("#said", { hasNotText: "…" })
  await text.waitFor()
  return await text.textContent() ?? ""
}

// goes to the server's own pages, up to the consent
async function leave(tab: Tab): Promise<void> {
  await tab.evaluate(() => void page.logIn())
  await tab.locator("input[name=login]").fill("ada")
  await tab.locator("input[name=password]").fill("secret")
  await tab.locator("button[type=submit]").click()
  await tab.getByText("Continue").waitFor()
}

async function loggedIn(open: Open, kind: "bound" | "shared" | "tab"): Promise<Tab> {
  const tab = await open(kind)
  await leave(tab)
  await tab.getByText("Continue").click()
  await tab.waitForURL(`${site.origin}/${kind}/callback`)
  assert.strictEqual(await said(tab), "logged in")
  return tab
}

async function until(condition: () => Promise<boolean>, seconds = 40): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!await condition()) {
    if (Date.now() > end) assert.fail("it did not come to be")
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
