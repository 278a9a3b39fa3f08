import { assert, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import * as Http from "node:http"
import type { Page } from "playwright-core"
import * as Chromium from "./support/chromium.ts"

// each test has a server, a sandbox and a browser profile of its own, and waits for what it sees
Chromium.inChromium("the web sample", (browser) => {
  const size = { viewport: { width: 860, height: 800 }, deviceScaleFactor: 1.25 }
  const fact = (
    title: string,
    test: (opened: Chromium.Opened) => Promise<void>,
    options: Parameters<typeof Chromium.opened>[2] = size
  ) => it(title, () => Chromium.opened(browser(), test, options))

  fact("connects an account, and lists what it reaches", async ({ origin, page }) => {
    await page.goto(origin)
    await Chromium.pictures(page, "web-invitation")
    await Chromium.connect(page, origin)

    await page.getByRole("heading", { name: "Ada Sandbox" }).waitFor()
    assert.deepStrictEqual(await page.locator("[data-list] li span:first-child").allTextContents(), [
      "Dailies",
      "Rough cuts",
      "Delivery"
    ])
    await Chromium.pictures(page, "web-connected")
    assert.strictEqual(page.url(), `${origin}/`)
  })

  fact("lets no token into the browser [10017-6.1.2.1-a]", async ({ context, origin, page, run, sandbox }) => {
    const seen: Array<string> = []
    page.on("response", (response) => {
      if (!response.url().startsWith(origin)) return
      seen.push(JSON.stringify(response.headers()))
      response.text().then((text) => seen.push(text), () => undefined)
    })
    await Chromium.connect(page, origin)
    await page.getByRole("button", { name: "Ask Frame.io again" }).click()
    await page.getByText("3 workspaces, just now").waitFor()

    const cookies = (await context.cookies()).filter(({ name }) => name.startsWith("__Host-"))
    const scripts = await page.evaluate(() =>
      document.cookie + JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])
    )
    const spent = await run(sandbox.ledger.entries)
    assert.isAbove(spent.length, 0)
    assert.deepStrictEqual(
      cookies.map(({ httpOnly, name, path, sameSite, secure }) => ({ httpOnly, name, path, sameSite, secure })),
      [{ httpOnly: true, name: "__Host-Http-session", path: "/", sameSite: "Strict", secure: true }]
    )
    assert.notMatch(scripts, /__Host|token/)
    assert.notMatch(seen.join("\n"), /access_token|refresh_token|id_token|Bearer|eyJ/)
  })

  fact("tells a person who refuses that nothing was connected, and begins again", async ({ origin, page }) => {
    await page.goto(origin)
    await page.getByRole("link", { name: "Connect Frame.io" }).click()
    await page.getByRole("button", { name: "Refuse" }).click()

    await page.getByRole("heading", { name: "Access was declined" }).waitFor()
    assert.strictEqual(page.url(), `${origin}/oauth/failed?problem=declined`)
    assert.deepStrictEqual(await Chromium.faults(page), [])
    await Chromium.pictures(page, "web-declined", 360)
    await page.getByRole("link", { name: "Try again" }).click()
    await page.getByRole("button", { name: "Allow" }).click()
    await page.getByText("Connected", { exact: true }).waitFor()
  })

  fact("begins again after a tab was closed in the middle of a login", async ({ context, origin, page }) => {
    await page.goto(origin)
    await page.getByRole("link", { name: "Connect Frame.io" }).click()
    await page.getByRole("button", { name: "Allow" }).waitFor()
    await page.close()

    await Chromium.connect(await context.newPage(), origin)
  })

  fact("stays connected through the back button, and takes no answer twice", async ({ origin, page }) => {
    const answers: Array<string> = []
    page.on("request", (request) => {
      if (request.url().includes("/oauth/callback?")) answers.push(request.url())
    })
    await Chromium.connect(page, origin)
    await page.goBack()
    await page.goto(answers[0] ?? assert.fail("no answer"))

    await page.getByRole("heading", { name: "This login is over" }).waitFor()
    await page.getByRole("link", { name: "Back to Cutting Room" }).click()
    await page.getByText("Connected", { exact: true }).waitFor()
    assert.strictEqual(answers.length, 2)
  })

  fact("takes a double click for one", async ({ origin, page, run, sandbox }) => {
    await page.goto(origin)
    await page.getByRole("link", { name: "Connect Frame.io" }).dblclick()
    await page.getByRole("button", { name: "Allow" }).dblclick()
    await page.getByText("Connected", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Disconnect" }).dblclick()

    await page.getByRole("link", { name: "Connect Frame.io" }).waitFor()
    const entries = await run(sandbox.ledger.entries)
    assert.lengthOf(
      entries.filter(({ endpoint, grantType }) => endpoint === "token" && grantType === "authorization_code"),
      1
    )
  })

  fact("completes two logins at once in one browser", async ({ context, origin, page }) => {
    const other = await context.newPage()
    for (const tab of [page, other]) {
      await tab.goto(origin)
      await tab.getByRole("link", { name: "Connect Frame.io" }).click()
      await tab.getByRole("button", { name: "Allow" }).waitFor()
    }

    for (const tab of [other, page]) {
      await tab.getByRole("button", { name: "Allow" }).click()
      await tab.getByText("Connected", { exact: true }).waitFor()
    }
  })

  fact("asks to connect again the moment the grant ends, and does so", async ({ context, origin, page }) => {
    await Chromium.connect(page, origin)
    const other = await context.newPage()
    await other.goto(origin)
    await other.getByRole("button", { name: "Withdraw access at the sandbox" }).click()

    // nobody touches the first tab
    await page.getByRole("alert").getByText("Frame.io wants you to connect again").waitFor()
    assert.strictEqual(await page.locator("[data-state]").textContent(), "Ended")
    assert.isTrue(await page.getByRole("heading", { name: "Workspaces" }).isHidden())
    await page.reload()
    assert.deepStrictEqual(await Chromium.faults(page), [])
    await Chromium.pictures(page, "web-reconnect")
    await page.getByRole("link", { name: "Connect again" }).click()
    await page.getByRole("button", { name: "Allow" }).click()
    await page.getByText("Connected", { exact: true }).waitFor()
  })

  fact("tells of a renewal as it happens", async ({ origin, page, run, sandbox }) => {
    await run(sandbox.configure({ accessToken: "2 seconds" }))
    await Chromium.connect(page, origin)
    await new Promise((resolve) => setTimeout(resolve, 2_500))

    await page.getByRole("button", { name: "Ask Frame.io again" }).click()

    await page.locator("[data-renewed]").getByText(/once|times/).waitFor()
  })

  fact("disconnects at Frame.io too, and in every tab", async ({ context, origin, page, run, sandbox }) => {
    await Chromium.connect(page, origin)
    const other = await context.newPage()
    await other.goto(origin)
    await other.getByText("Connected", { exact: true }).waitFor()

    await page.getByRole("button", { name: "Disconnect" }).click()

    await page.getByRole("link", { name: "Connect Frame.io" }).waitFor()
    await other.getByRole("link", { name: "Connect Frame.io" }).waitFor()
    // the pages are told of the end before Frame.io is
    await run(
      Effect.repeat(sandbox.ledger.entries, {
        until: (entries) => entries.some(({ endpoint }) => endpoint === "revocation"),
        schedule: Schedule.spaced("50 millis")
      })
    )
  })

  fact("signs out, and shows the next person nothing", async ({ another, context, origin, page }) => {
    await Chromium.connect(page, origin)
    const kept = await context.cookies()

    await page.getByRole("button", { name: "Sign out" }).click()

    await page.getByRole("link", { name: "Connect Frame.io" }).waitFor()
    const later = await another(size)
    await later.addCookies(kept)
    const thief = await later.newPage()
    await thief.goto(origin)
    await thief.getByRole("link", { name: "Connect Frame.io" }).waitFor()
  })

  fact("shows one person nothing of another", async ({ another, origin, page }) => {
    await Chromium.connect(page, origin)

    const other = await (await another(size)).newPage()
    await other.goto(origin)

    await other.getByRole("link", { name: "Connect Frame.io" }).waitFor()
    assert.strictEqual((await other.request.get(`${origin}/oauth/status`)).status(), 401)
  })

  fact("does nothing that a page of another site asks for [10017-6.1.3.3-a]", async ({ context, origin, page }) => {
    await Chromium.connect(page, origin)
    const evil = await hostile(
      `<form method="post" action="${origin}/oauth/disconnect"><button>Win a prize</button></form>
<form method="post" action="${origin}/oauth/logout"><button>Win two</button></form>
<script>
fetch("${origin}/api/v4/me", { credentials: "include", headers: { "x-csrf": "1" } })
  .then(() => "read", () => "kept out").then((told) => document.title = told)
</script>`
    )
    try {
      const trap = await context.newPage()
      await trap.goto(evil.origin)
      await trap.waitForFunction(() => document.title === "kept out")
      for (const name of ["Win a prize", "Win two"]) {
        await trap.goto(evil.origin)
        await trap.getByRole("button", { name }).click()
        await trap.getByRole("heading", { name: "Not from here" }).waitFor()
      }
      await page.reload()
      await page.getByText("Connected", { exact: true }).waitFor()
    } finally {
      evil.close()
    }
  })

  fact("is shown in no frame", async ({ context, origin }) => {
    const evil = await hostile(`<iframe src="${origin}/"></iframe>`)
    try {
      const trap = await context.newPage()
      const refused = trap.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()))
      await trap.goto(evil.origin)
      await refused
    } finally {
      evil.close()
    }
  })

  fact("takes a form_post answer, whose cookie comes with the second step only", async ({ context, origin, page }) => {
    const begun = await context.request.get(`${origin}/oauth/login`, { maxRedirects: 0 })
    const { location = "" } = begun.headers()
    const methods: Array<string> = []
    page.on("request", (request) => {
      if (request.url().startsWith(`${origin}/oauth/callback`)) methods.push(request.method())
    })

    // Frame.io's logins name no issuer, and the sandbox dresses redirects only
    await page.route(`${origin}/oauth/callback`, (route) => {
      const form = new URLSearchParams(route.request().postData() ?? "")
      form.delete("iss")
      return route.continue({ postData: form.toString() })
    })

    await page.goto(`${location}&response_mode=form_post`)
    await page.getByRole("button", { name: "Allow" }).click()

    await page.getByText("Connected", { exact: true }).waitFor()
    assert.deepStrictEqual(methods, ["POST", "GET"])
  })

  fact("works without script", async ({ origin, page }) => {
    await Chromium.connect(page, origin)
    await page.getByText("Rough cuts").waitFor()
    await page.getByRole("button", { name: "Disconnect" }).click()
    await page.getByRole("link", { name: "Connect Frame.io" }).waitFor()
  }, { ...size, javaScriptEnabled: false })

  fact("is used by the keyboard alone, and shows where it is", async ({ origin, page }) => {
    await page.goto(origin)
    await page.waitForLoadState()
    await tabTo(page, "Connect Frame.io")
    assert.notStrictEqual(
      await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle),
      "none"
    )
    await page.keyboard.press("Enter")
    await page.getByRole("button", { name: "Allow" }).waitFor()
    await page.waitForLoadState()
    await tabTo(page, "Allow")
    await page.keyboard.press("Enter")
    await page.getByText("Connected", { exact: true }).waitFor()
    await tabTo(page, "Disconnect")
    await page.keyboard.press("Enter")
    await page.getByRole("link", { name: "Connect Frame.io" }).waitFor()
  })

  for (const colorScheme of ["light", "dark"] as const) {
    fact(`keeps the rules of accessible pages, in ${colorScheme}`, async ({ origin, page }) => {
      await page.goto(origin)
      assert.deepStrictEqual(await Chromium.faults(page), [])
      await Chromium.connect(page, origin)
      assert.deepStrictEqual(await Chromium.faults(page), [])
      for (const path of ["/oauth/logout", "/oauth/failed?problem=stale", "/nowhere"]) {
        await page.goto(`${origin}${path}`)
        assert.deepStrictEqual(await Chromium.faults(page), [], path)
      }
    }, { ...size, colorScheme })
  }

  fact("fits a telephone", async ({ origin, page }) => {
    await Chromium.connect(page, origin)

    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.isAtMost(width, 360)
    await Chromium.pictures(page, "web-telephone")
  }, { viewport: { width: 360, height: 780 }, deviceScaleFactor: 1.25 })

  fact("breaks no rule of its own policy, and asks for nothing that is not there", async ({ origin, page }) => {
    const complaints: Array<string> = []
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
    })
    page.on("pageerror", (error) => complaints.push(error.message))
    page.on("requestfailed", (request) => {
      // an event stream ends with its page
      if (!request.url().endsWith("/oauth/events")) complaints.push(request.url())
    })

    await Chromium.connect(page, origin)
    await page.getByRole("button", { name: "Ask Frame.io again" }).click()
    await page.getByText("3 workspaces, just now").waitFor()

    assert.deepStrictEqual(complaints, [])
  })
})

/** A page of another site. */
const hostile = async (html: string) => {
  const server = Http.createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" })
    response.end(html)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  return {
    origin: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}

const tabTo = async (page: Page, name: string): Promise<void> => {
  for (let step = 0; step < 20; step++) {
    await page.keyboard.press("Tab")
    if ((await page.evaluate(() => document.activeElement?.textContent))?.trim() === name) return
  }
  assert.fail(`${name} is not reached by the keyboard`)
}
