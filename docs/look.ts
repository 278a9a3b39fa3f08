/**
 * Looks at the built site as a visitor does, in Chromium, in light and dark, narrow and wide: nothing in the console,
 * nothing asked of another host, nothing to be scrolled sideways, a title, a way to the other pages, and a search that
 * finds. What was seen is in .tmp/site.
 */
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import type { Browser } from "playwright-core"
import { isMissing, launch } from "../packages/browser/test/support/chromium.ts"
import { root } from "./site.ts"

const dist = path.join(import.meta.dirname, ".vitepress", "dist")
const pictures = path.join(root, ".tmp", "site")

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png"
}

const serve = (): Promise<http.Server> =>
  new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      const wanted = decodeURIComponent(new URL(request.url ?? "/", "http://127.0.0.1").pathname)
      const found = [wanted, `${wanted}.html`, path.posix.join(wanted, "index.html")]
        .map((file) => path.join(dist, file))
        .find((file) => file.startsWith(dist) && fs.statSync(file, { throwIfNoEntry: false })?.isFile())
      if (found === undefined) return response.writeHead(404).end()
      return response.writeHead(200, { "content-type": types[path.extname(found)] ?? "application/octet-stream" })
        .end(fs.readFileSync(found))
    }).listen(0, "127.0.0.1", () => resolve(server))
  })

const pages = [
  "/",
  "/docs/getting-started/",
  "/docs/getting-started/web-backend",
  "/docs/concepts/transaction",
  "/docs/architecture",
  "/docs/what-happens-when",
  "/docs/guides/web",
  "/docs/reference/",
  "/docs/reference/core/TokenService"
]

const sizes = { narrow: { width: 380, height: 780 }, wide: { width: 1440, height: 900 } } as const

interface Sum {
  passed: number
  failed: number
  skipped: number
}

/** Looks at every page in `pages`. */
export const look = async (): Promise<Sum> => {
  const sum: Sum = { passed: 0, failed: 0, skipped: 0 }
  if (isMissing) return { ...sum, skipped: 1 }
  const judge = (name: string, works: boolean, why: string): void => {
    if (works) sum.passed++
    else {
      sum.failed++
      console.log(`FAIL ${name}: ${why}`)
    }
  }
  fs.rmSync(pictures, { recursive: true, force: true })
  const server = await serve()
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const browser = await launch()
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const [size, viewport] of Object.entries(sizes)) {
        for (const page of pages) {
          await lookAt(browser, { origin, page, colorScheme, size, viewport, judge })
        }
      }
    }
    await walk(browser, origin, judge)
  } finally {
    await browser.close()
    server.close()
  }
  return sum
}

type Judge = (name: string, works: boolean, why: string) => void

const lookAt = async (browser: Browser, { colorScheme, judge, origin, page: where, size, viewport }: {
  readonly origin: string
  readonly page: string
  readonly colorScheme: "light" | "dark"
  readonly size: string
  readonly viewport: { readonly width: number; readonly height: number }
  readonly judge: Judge
}): Promise<void> => {
  const context = await browser.newContext({ colorScheme, viewport })
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(error.message))
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(origin)) complaints.push(request.url())
  })
  await page.goto(origin + where, { waitUntil: "networkidle" })

  const name = `${where} ${colorScheme} ${size}`
  judge(`${name}: nothing to complain of`, complaints.length === 0, complaints.join("; "))
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  judge(`${name}: nothing is scrolled sideways`, wide <= 0, `${wide} pixels too wide`)
  const title = await page.locator("main h1").first().innerText()
  judge(`${name}: a heading`, title.trim() !== "", "has none")
  const [ink, paper] = await page.evaluate(() => {
    const { color } = getComputedStyle(document.body)
    const { backgroundColor } = getComputedStyle(document.body)
    return [color, backgroundColor].map((value) =>
      (/\d+, \d+, \d+/.exec(value)?.[0] ?? "").split(", ").reduce((sum, part) => sum + Number(part), 0)
    )
  })
  const isDark = (ink ?? 0) > (paper ?? 0)
  judge(`${name}: is ${colorScheme}`, isDark === (colorScheme === "dark"), `ink ${ink}, paper ${paper}`)

  fs.mkdirSync(pictures, { recursive: true })
  const file = `${where.replaceAll("/", "_")}-${colorScheme}-${size}.png`
  await page.screenshot({ path: path.join(pictures, file) })
  await context.close()
}

/** From the first page to another by the navigation, then by the search. */
const walk = async (browser: Browser, origin: string, judge: Judge): Promise<void> => {
  const page = await (await browser.newContext({ viewport: sizes.wide })).newPage()
  await page.goto(`${origin}/docs/getting-started/`, { waitUntil: "networkidle" })
  await page.locator(".VPSidebar").getByRole("link", { name: "Rotation policy" }).click()
  await page.waitForURL("**/docs/concepts/rotation-policy")
  judge("the navigation leads on", await page.locator("main h1").first().innerText() !== "", "to nothing")

  await page.getByRole("button", { name: "Search" }).first().click()
  await page.locator("#localsearch-input").fill("quarantine")
  const first = page.locator(".VPLocalSearchBox .result").first()
  await first.waitFor()
  await page.screenshot({ path: path.join(pictures, "search.png") })
  await first.click()
  await page.waitForFunction(() => !location.pathname.endsWith("rotation-policy"))
  const text = await page.locator("main").innerText()
  judge("the search finds", /quarantine/i.test(text), "a page that does not have the word")

  await page.setViewportSize(sizes.narrow)
  await page.getByRole("button", { name: "Menu" }).click()
  await page.locator(".VPSidebar").getByRole("link", { name: "Glossary" }).click()
  await page.waitForURL("**/docs/glossary")
  judge("the menu of a narrow page leads on", await page.locator("main h1").first().innerText() !== "", "to nothing")
}
