/**
 * The anatomy of a module: every public module of every package has its exports in the same order, and what it does not
 * export last, so that whoever has read one finds their way in all of them.
 *
 * The order is data; `violations` reads the modules it is given and names what stands in the wrong place. The second half
 * of this file hands it small modules that break one rule each.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

/** The categories of exports, in the order in which they stand. Those of one row may be mixed. */
const order: ReadonlyArray<ReadonlyArray<string>> = [
  ["type IDs"],
  ["models", "schemas"],
  ["options"],
  ["configuration"],
  ["errors"],
  ["services"],
  ["constructors"],
  ["combinators", "getters", "guards", "predicates"],
  ["layers"],
  ["testing"]
]

/** How many lines a module has without a reason. */
const most = 300

describe("Anatomy", () => {
  it("is the same in every module", () => {
    assert.deepStrictEqual(Object.entries(modules()).flatMap(([file, source]) => violations(file, source)), [])
  })

  it("has a reason where a module is long", () => {
    const found = Object.entries(sources()).filter(([, source]) => isUnexcused(source))

    assert.deepStrictEqual(found.map(([file]) => file), [])
  })

  it("takes a long module for one that has no reason unless its header says why", () => {
    const lines = "const a = 1\n".repeat(most)

    assert.isTrue(isUnexcused(`/**\n * Long.\n */\n${lines}// It is long because of this.\n`))
    assert.isFalse(isUnexcused(`/**\n * Long. It is long\n * because of that.\n */\n${lines}`))
    assert.isFalse(isUnexcused(`/**\n * Short.\n */\nconst a = 1\n`))
  })

  describe("turns red when", () => {
    const broken: ReadonlyArray<readonly [rule: string, ...parts: ReadonlyArray<string>]> = [
      [
        "a constructor stands before a model",
        exported("constructors", "const make = 1"),
        exported("models", "type A = 1")
      ],
      ["options stand behind the service", exported("services", "class A {}"), exported("options", "interface B {}")],
      ["a layer stands before a getter", exported("layers", "const layer = 1"), exported("getters", "const key = 1")],
      ["an export has no category", "/** A text. */\nexport const a = 1"],
      ["an export has a category of its own", exported("helpers", "const a = 1")],
      ["a private function stands before an export", "const f = () => 1", exported("getters", "const a = () => f()")],
      ["a private type stands before an export", "interface P {}", exported("models", "type A = ReadonlyArray<P>")],
      [
        "a private constant stands before what does not need it at once",
        "const limit = 1",
        exported("getters", "const isFew = (count: number): boolean => count < limit")
      ],
      [
        "a private constant stands before a generator that does not need it at once",
        "const limit = 1",
        exported("constructors", "const make: Make = Effect.fnUntraced(function*() {\n  return limit\n})")
      ],
      ["a banner stands between the parts", exported("models", "type A = 1"), "// -- rows ----\n\nconst b = 1"]
    ]

    for (const [rule, ...parts] of broken) {
      it(rule, () => {
        const found = violations("packages/core/src/A.ts", parts.join("\n\n"))

        assert.strictEqual(found.length, 1, found.join("\n"))
      })
    }
  })

  it("allows what it should", () => {
    const parts = [
      "/**\n * A module.\n *\n * @since 0.1.0\n */\nimport * as Schema from \"effect/Schema\"",
      "const TypeId = \"~@effect-oauth/core/A\"",
      "const text = Schema.String",
      "const texts = (of: number) => Array(of).fill(text)",
      exported("schemas", "const A = Schema.Struct({ a: texts(2) })"),
      exported("models", "type A = typeof A.Type"),
      exported("options", "interface Options {\n  readonly [TypeId]: 1\n}"),
      exported("services", "class B extends Context.Service<B, {\n  /** A member. */\n  readonly b: 1\n}>()(\"b\") {}"),
      exported("constructors", "const make = (options: Options) => use(options)"),
      exported("getters", "function of(a: string): void\nexport function of(a: number): void"),
      exported("predicates", "const isA = 1"),
      exported("combinators", "const both = 1"),
      "// why\nconst use = (options: Options) => options",
      "interface Private {}"
    ]

    assert.deepStrictEqual(violations("packages/core/src/A.ts", parts.join("\n\n")), [])
  })
})

const exported = (category: string, declaration: string): string =>
  `/**\n * A text.\n *\n * @category ${category}\n * @since 0.1.0\n */\nexport ${declaration}`

const root = path.resolve(import.meta.dirname, "..")

/** Every public module, by its path from the root. Those of the catalogue hold one export. */
const modules = (): Record<string, string> =>
  Object.fromEntries(
    fs.globSync("packages/*/src/{,jose/}{,testing/}[A-Z]*.ts", { cwd: root })
      .map((file) => file.replaceAll("\\", "/"))
      .map((file) => [file, fs.readFileSync(path.join(root, file), "utf8")])
  )

/** Every production file, by its path from the root. */
const sources = (): Record<string, string> =>
  Object.fromEntries(
    fs.globSync("packages/*/src/**/*.ts", { cwd: root })
      .map((file) => [file.replaceAll("\\", "/"), fs.readFileSync(path.join(root, file), "utf8")])
  )

const isUnexcused = (source: string): boolean =>
  source.split("\n").length - 1 > most &&
  !/\bIt is long (because|on purpose)\b/.test(
    (/^\/\*\*[\s\S]*?\*\//.exec(source)?.[0] ?? "").replaceAll(/\s*\n \* ?/g, " ")
  )

interface Declaration {
  readonly name: string
  readonly line: number
  readonly text: string
  readonly isExported: boolean
  readonly category: string | undefined
}

/** What begins a declaration: the formatter sees to it that only those of the module itself begin a line. */
const beginning = /^(export )?(?:declare )?(?:abstract )?(?:const|function|class|interface|type|let)\b\*? (?:(\w+))?/

const declarations = (source: string): ReadonlyArray<Declaration> => {
  const lines = source.split("\n")
  const starts = lines.flatMap((line, index) => beginning.test(line) || /^export (type )?\{/.test(line) ? [index] : [])
  return starts.map((start, index) => {
    const before = lines.slice(index === 0 ? 0 : (starts[index - 1] ?? 0) + 1, start).join("\n")
    // the comment that ends where the declaration begins
    const comment = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(before)?.[0] ?? ""
    return {
      name: beginning.exec(lines[start] ?? "")?.[2] ?? "{}",
      line: start + 1,
      text: lines.slice(start, starts[index + 1]).join("\n"),
      isExported: lines[start]?.startsWith("export") === true,
      category: /@category (.*)/.exec(comment)?.[1]
    }
  })
}

/** Whether a declaration is needed as soon as the module is loaded, and not only when somebody calls it. */
const isEvaluated = ({ text }: Declaration): boolean => {
  if (/^(export )?(declare )?(interface|type|function)\b/.test(text)) return false
  if (/^(export )?(abstract )?class\b/.test(text)) return true
  const [, initializer = ""] = /(?:^|[^=<>!])=(?![=>])\s*([\s\S]*)/.exec(text) ?? []
  return !/^(async )?[(<]|^Effect\s*\.fn/.test(initializer)
}

const names = (text: string, name: string): boolean => new RegExp(`(?<![\\w.])${name}\\b`).test(text)

const violations = (file: string, source: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  const all = declarations(source)
  const exports = all.filter(({ isExported }) => isExported)

  let highest = { rank: 0, name: "" }
  for (const [index, { category, line, name }] of exports.entries()) {
    // of an overloaded function the first tells
    if (category === undefined && exports[index - 1]?.name === name) continue
    const rank = order.findIndex((row) => category !== undefined && row.includes(category))
    if (rank < 0) found.push(`${file}:${line} ${name} has ${category ?? "no category"}, which is none of the house's`)
    else if (rank < highest.rank) found.push(`${file}:${line} ${name} (${category}) stands behind ${highest.name}`)
    else highest = { rank, name: `${name} (${category})` }
  }

  const last = exports.at(-1)?.line ?? 0
  const early = all.filter(({ isExported, line, name }) => !isExported && line < last && name !== "TypeId")
  // what has to come first: what is evaluated needs it, or what came first for that reason
  const needing = exports.filter(isEvaluated)
  for (let grows = true; grows;) {
    const more = early.filter((one) => !needing.includes(one) && !/^(interface|type)\b/.test(one.text))
      .filter((one) => needing.some(({ line, text }) => line > one.line && names(text, one.name)))
    needing.push(...more)
    grows = more.length > 0
  }
  for (const { line, name } of early.filter((one) => !needing.includes(one))) {
    found.push(`${file}:${line} ${name} is private, and stands before an export that does not need it at once`)
  }

  const banner = source.split("\n").findIndex((line) => /^\/\/ (--|==)/.test(line))
  if (banner >= 0) found.push(`${file}:${banner + 1} is a banner: a module that needs one is two`)
  return found
}
