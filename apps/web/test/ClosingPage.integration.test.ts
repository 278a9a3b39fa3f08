import { LoopbackLogin } from "@effect-oauth/node"
import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Redacted } from "effect"
import * as Chromium from "./support/chromium.ts"

Chromium.inChromium("the page at the end of a login on this machine", (browser) => {
  it.live("keeps the rules of accessible pages, wide and narrow, in light and dark, and after a refusal", () =>
    Effect.gen(function*() {
      const found: Array<string> = []
      for (const answer of ["code=c&state=s", "error=access_denied&state=s"]) {
        for (const colorScheme of ["light", "dark"] as const) {
          for (const width of [360, 1280]) {
            const listening = yield* LoopbackLogin.listen({ title: "Cutting Room" })
            const arrives = yield* Effect.forkChild(Effect.exit(listening.callback(Redacted.make("s"))))
            const page = yield* Effect.promise(() =>
              browser().newPage({ colorScheme, viewport: { width, height: 700 } })
            )
            const faults = yield* Effect.promise(async () => {
              await page.goto(`${listening.redirectUri}?${answer}`)
              await page.getByRole("heading").first().waitFor()
              const wide = await page.evaluate(() => document.documentElement.scrollWidth)
              const faults = await Chromium.faults(page)
              await page.close()
              return wide > width ? [...faults, `is ${wide} wide at ${width}`] : faults
            })
            yield* Fiber.join(arrives)
            found.push(...faults.map((fault) => `${answer} ${colorScheme} ${width}: ${fault}`))
          }
        }
      }

      assert.deepStrictEqual(found, [])
    }).pipe(Effect.scoped))
})
