import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Chromium from "../../packages/browser/test/support/chromium.ts"
import * as Site from "./Site.ts"

describe.skipIf(Chromium.isMissing)("browser-page", () => {
  it.live("logs every tab in and out, and leaves no code in the address", () =>
    Effect.gen(function*() {
      const { origin, sandbox } = yield* Site.open
      const browser = yield* Effect.acquireRelease(
        Effect.promise(() => Chromium.launch()),
        (browser) => Effect.promise(() => browser.close())
      )
      const address = yield* Effect.promise(async () => {
        const context = await browser.newContext()
        context.setDefaultTimeout(60_000)
        const [one, other] = [await context.newPage(), await context.newPage()]
        await one.goto(origin)
        await one.getByText("You are not logged in.").waitFor()
        await one.getByRole("button", { name: "Log in" }).click()
        await one.getByRole("button", { name: "Allow" }).click()
        await one.getByText("You are Ada Sandbox.").waitFor()
        await other.goto(origin)
        await other.getByText("You are Ada Sandbox.").waitFor()
        await other.getByRole("button", { name: "Log out" }).click()
        await other.getByText("You are not logged in.").waitFor()
        await one.reload()
        await one.getByText("You are not logged in.").waitFor()
        return one.url()
      })

      assert.strictEqual(address, `${origin}/callback`)
      assert.strictEqual((yield* sandbox.ledger.counts).revocations, 1)
    }).pipe(Effect.scoped))
})
