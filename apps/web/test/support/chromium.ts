/** A real Chromium, where there is one, with the sample and a sandbox of its own for every test. */
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import * as Application from "@effect-oauth/web-sample/Application"
import * as Provider from "@effect-oauth/web-sample/Provider"
import axe from "axe-core"
import { Effect, Exit, Layer, Scope } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe } from "vitest"
import * as Ports from "./ports.ts"

/** Where Chromium is; undefined where there is none. */
export const executable = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"]
  .find((path) => path !== undefined && Fs.existsSync(path))

if (executable === undefined) {
  process.stderr.write(
    "No Chromium here: the tests of the web sample are skipped. Install it, or name it by CHROMIUM.\n"
  )
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** Tests that share a browser, one after the other; passed over where there is none. */
export const inChromium = (title: string, tests: (browser: () => Browser) => void) =>
  describe.skipIf(executable === undefined)(`${title}, in Chromium`, { concurrent: false }, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executable ?? "", args: flags, timeout: 120_000 })
    })
    afterAll(() => browser?.close())
    tests(() => {
      if (browser === undefined) throw new Error("The browser is there while tests run, and not before")
      return browser
    })
  })

/** The sample, opened in a browser. */
export interface Opened {
  readonly origin: string
  readonly sandbox: Sandbox.Sandbox["Service"]
  readonly context: BrowserContext
  readonly page: Page
  /** A browser of somebody else. */
  readonly another: (options?: BrowserContextOptions) => Promise<BrowserContext>
  readonly run: <A>(effect: Effect.Effect<A>) => Promise<A>
}

/** Runs a test with a sample and a sandbox of its own. The two are of different sites. */
export const opened = async (
  browser: Browser,
  test: (opened: Opened) => Promise<void>,
  options?: BrowserContextOptions & { readonly store?: string }
): Promise<void> => {
  const { store, ...how } = options ?? {}
  const port = await Effect.runPromise(Ports.free)
  // to a browser, this name and the sandbox's 127.0.0.1 are two sites
  const origin = `http://localhost:${port}`
  const scope = await Effect.runPromise(Scope.make())
  const contexts: Array<BrowserContext> = []
  const another = async (options?: BrowserContextOptions) => {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(60_000)
    contexts.push(context)
    return context
  }
  try {
    const sandbox = await Effect.runPromise(
      Sandbox.make({
        settings: { approval: "page" },
        redirectUris: { "v4-web-app": [`${origin}/oauth/callback`] }
      }).pipe(Effect.provideService(Scope.Scope, scope))
    )
    const settings = { port, origin, store, credential: undefined }
    await Effect.runPromise(
      Layer.buildWithScope(Application.serve(settings).pipe(Layer.provide(Provider.ofSandbox(sandbox))), scope)
    )
    const context = await another(how)
    await test({ origin, sandbox, context, page: await context.newPage(), another, run: Effect.runPromise })
  } finally {
    await Promise.all(contexts.map((context) => context.close()))
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }
}

/** Goes through a login as a person does, from the sample's page to its page. */
export const connect = async (page: Page, origin: string): Promise<void> => {
  await page.goto(origin)
  await page.getByRole("link", { name: "Connect Frame.io" }).click()
  await page.getByRole("button", { name: "Allow" }).click()
  await page.getByText("Connected", { exact: true }).waitFor()
}

/** What axe finds wrong with a page, by rule and element. */
export const faults = async (page: Page): Promise<ReadonlyArray<string>> => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    })
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Takes pictures of a page in light and in dark, for the documents where `SCREENSHOTS` says so. */
export const pictures = async (page: Page, name: string, height?: number): Promise<void> => {
  const { width = 900, height: whole = 760 } = page.viewportSize() ?? {}
  const directory = Path.resolve(import.meta.dirname, "../../../../docs/screenshots")
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    const picture = await page.screenshot({
      animations: "disabled",
      clip: { x: 0, y: 0, width, height: height ?? whole }
    })
    if (process.env.SCREENSHOTS === undefined) continue
    Fs.mkdirSync(directory, { recursive: true })
    Fs.writeFileSync(Path.join(directory, `${name}-${colorScheme}.png`), picture)
  }
}
