/** What is told of a package's public surface, and of what a release changes in it. */
import { assert, describe, it } from "@effect/vitest"
import * as Surface from "../docs/surface.ts"
import { entriesOf } from "../scripts/notes.ts"

describe("Surface", () => {
  it("is the same after it was written and read", () => {
    assert.deepStrictEqual(Surface.parse(Surface.print(before)), before)
  })

  it("changes by nothing when nothing has changed", () => {
    const told = Surface.notes("v1", [Surface.changes(before, before)])

    assert.include(told, "Nothing has changed.")
  })

  it("tells what was removed, changed and added, with the lines", () => {
    const told = Surface.notes("v1", [Surface.changes(before, after)])

    assert.include(told, "## Public surface since v1")
    assert.include(told, "1 name removed, 1 changed, 2 added.")
    assert.include(told, "- export declare const gone: number;")
    assert.include(
      told,
      "  export interface Kept {\n-   readonly one: string;\n+   readonly one: number;\n    readonly two: string;\n  }"
    )
    assert.include(told, "+ export declare const here: string;")
    assert.include(told, "**Added: `@acme/a/New`**, with `make`.")
    assert.notInclude(told, "same")
  })

  it("tells of a dependency that came", () => {
    const told = Surface.notes("v1", [Surface.changes(before, { ...before, needs: [...before.needs, "`b` 1.0.0"] })])

    assert.include(told, "Needs `effect` ^4.1.0, `b` 1.0.0; before, `effect` ^4.1.0.")
  })

  it("tells of a module that is gone by its names", () => {
    const told = Surface.notes("v1", [Surface.changes(before, { ...before, modules: new Map() })])

    assert.include(told, "**Removed: `@acme/a/A`**, and with it `Kept`, `gone`, `same`.")
  })

  it("says of a new package that it is new", () => {
    const told = Surface.notes("v1", [Surface.changes(undefined, before)])

    assert.include(told, "### @acme/a\n\nNew, with 1 module")
  })

  it("takes of a changelog what is said of one version, without other packages' numbers", () => {
    const changelog = "# a\n\n## 1.1.0\n\n### Minor Changes\n\n- 3792c0e: `A`: new.\n  More.\n\n### Patch Changes\n\n" +
      "- Updated dependencies [3792c0e]\n  - b@1.1.0\n\n## 1.0.0\n\n### Minor Changes\n\n- 1111111: Old.\n"

    assert.deepStrictEqual(entriesOf(changelog, "1.1.0"), [{ kind: "Minor Changes", text: "`A`: new.\n  More." }])
  })
})

const declaration = (text: string): Surface.Declaration => ({ name: Surface.nameOf(text), text })

const same = declaration("export declare const same: () => void;")

const before: Surface.Surface = {
  name: "@acme/a",
  needs: ["`effect` ^4.1.0"],
  modules: new Map([["@acme/a/A", [
    declaration("export interface Kept {\n  readonly one: string;\n  readonly two: string;\n}"),
    declaration("export declare const gone: number;"),
    same
  ]]])
}

const after: Surface.Surface = {
  ...before,
  modules: new Map([
    ["@acme/a/A", [
      declaration("export interface Kept {\n  readonly one: number;\n  readonly two: string;\n}"),
      declaration("export declare const here: string;"),
      same
    ]],
    ["@acme/a/New", [declaration("export declare const make: () => void;")]]
  ])
}
