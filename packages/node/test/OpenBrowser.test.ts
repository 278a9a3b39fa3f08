import { OpenBrowser } from "@effect-oauth/node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { directory } from "./fixtures/directory.ts"

describe("OpenBrowser", () => {
  it.effect("hands the address over as one argument that nothing interprets [8252-5-a] [6749-10.13-a] [2.1-8.2-a]", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const { open } = browser(command(path, "works"))

      const opening = yield* open("https://as.example/a b?x=$(touch pwned)&y=`id`;|'\"\\&z=%PATH%#{}")

      assert.strictEqual(opening, "opened")
      assert.deepStrictEqual(started(path), [[
        "https://as.example/a%20b?x=$(touch%20pwned)&y=%60id%60;%7C%27%22%5C&z=%PATH%#%7B%7D"
      ]])
    }))

  for (
    const url of [
      "javascript:alert(1)",
      "file:///etc/passwd",
      "-h",
      "--help",
      "calculator",
      "",
      "\\\\host\\share",
      "data:text/html,x",
      "ms-calculator://x"
    ]
  ) {
    it.effect(`starts nothing for ${JSON.stringify(url)}`, () =>
      Effect.gen(function*() {
        const path = yield* directory

        const opening = yield* browser(command(path, "works")).open(url)

        assert.strictEqual(opening, "not-http")
        assert.deepStrictEqual(started(path), [])
      }))
  }

  it("shows no page by itself: it starts programs, and nothing else [8252-8.12-a]", () => {
    const acts = Object.entries(browser("none")).filter(([, member]) => typeof member === "function")

    assert.deepStrictEqual(acts.map(([name]) => name), ["open"])
    assert.deepStrictEqual(Object.keys(OpenBrowser).sort(), ["OpenBrowser", "layer", "make"])
  })

  it.effect("goes on to the next program when one is missing or fails", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const { open } = browser(`/no/such/program:${command(path, "fails")}:${command(path, "works")}`)

      assert.strictEqual(yield* open("https://as.example/"), "opened")
      assert.strictEqual(started(path).length, 2)
    }))

  it.effect("says so when there is no program", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* browser("none").open("https://as.example/"), "no-browser")
      assert.strictEqual(yield* browser(undefined).open("https://as.example/"), "no-browser")
    }))

  it.effect("says so, and does not throw, when a program cannot be named", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* browser("a\0b").open("https://as.example/"), "no-browser")
    }))

  it.effect("takes BROWSER from the environment", () =>
    Effect.gen(function*() {
      const path = yield* directory
      yield* Effect.acquireRelease(
        Effect.sync(() => Object.assign(process.env, { BROWSER: command(path, "works") })),
        () => Effect.sync(() => delete process.env["BROWSER"])
      )

      const { open } = yield* Effect.provide(OpenBrowser.OpenBrowser, OpenBrowser.layer)

      assert.strictEqual(yield* open("https://as.example/"), "opened")
      assert.strictEqual(started(path).length, 1)
    }))

  it.live("does not wait for a browser that stays", () =>
    Effect.gen(function*() {
      const path = yield* directory

      const opening = yield* browser(command(path, "stays")).open("https://as.example/").pipe(
        Effect.timeout("10 seconds")
      )

      assert.strictEqual(opening, "opened")
    }))
})

const browser = (BROWSER: string | undefined) =>
  OpenBrowser.make({ platform: "linux", release: "6.1.0", environment: { BROWSER } })

const command = (path: string, how: string): string =>
  [process.execPath, Path.join(import.meta.dirname, "fixtures", "browser.ts"), Path.join(path, "started"), how].join(
    " "
  )

const started = (path: string): ReadonlyArray<unknown> =>
  Fs.existsSync(Path.join(path, "started"))
    ? Fs.readFileSync(Path.join(path, "started"), "utf8").trim().split("\n").map((line) => JSON.parse(line))
    : []
