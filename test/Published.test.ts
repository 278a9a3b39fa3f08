/**
 * Core as it is published: several modules in one file, of which a bundler still takes only what is used.
 */
import * as Sources from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { rolldown } from "rolldown"
import { afterAll, beforeAll } from "vitest"
import { marked, publish } from "../scripts/published.ts"

const folder = path.resolve(import.meta.dirname, "../packages/core/.tmp/published")

describe("publish", () => {
  beforeAll(async () => {
    await publish(folder)
  })

  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  it("gives every module the exports of its source", async () => {
    const published: object = await import(pathToFileURL(path.join(folder, "index.js")).href)

    assert.deepStrictEqual(exportsOf(published), exportsOf(Sources))
  })

  it("lets a bundler leave out a service of which only the name is used", async () => {
    const code = await bundled("TokenSource")

    assert.include(code, "@effect-oauth/core/TokenService")
    assert.notInclude(code, "authorization_details")
  })
})

describe("marked", () => {
  it("marks the calls that are made when a module is loaded", () => {
    const code = `export const a: A<B> = f(g(1))(2)
export class C extends Context.Service<C>()("C") {
  static readonly d = h()
}
let e = { f: new F() }`

    assert.strictEqual(
      marked(code),
      `export const a: A<B> = /* @__PURE__ */ f(/* @__PURE__ */ g(1))(2)
export class C extends /* @__PURE__ */ Context.Service<C>()("C") {
  static readonly d = /* @__PURE__ */ h()
}
let e = { f: /* @__PURE__ */ new F() }`
    )
  })

  it("leaves the calls of functions as they are", () => {
    const code = `const a = () => f()
export function b(c = f()) { return f() }
class D { e = f(); static g() { return f() } }`

    assert.strictEqual(marked(code), code)
  })

  it("leaves a call as it is that stands by itself", () => {
    assert.strictEqual(marked("register()"), "register()")
  })

  it("marks no call twice", () => {
    const code = "const a = /* @__PURE__ */ f()"

    assert.strictEqual(marked(code), code)
  })
})

const exportsOf = (all: object): Record<string, ReadonlyArray<string>> =>
  Object.fromEntries(
    Object.entries(all).map(([name, module]: [string, object]) => [name, Object.keys(module).sort()])
  )

const bundled = async (name: string): Promise<string> => {
  const build = await rolldown({
    input: path.join(folder, `${name}.js`),
    external: /^effect\//,
    platform: "neutral"
  })
  const { output: [{ code }] } = await build.generate({ codeSplitting: false, minify: true })
  return code
}
