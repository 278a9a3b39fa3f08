import { assert, describe, it } from "@effect/vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import * as fs from "node:fs"
import * as path from "node:path"
import { quirks } from "./support/quirks.ts"

interface Node {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: ReadonlyArray<unknown>
  readonly properties?: Readonly<Record<string, Node>>
  readonly anyOf?: ReadonlyArray<Node>
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
  readonly enum?: ReadonlyArray<unknown>
}

const schema: Node = JSON.parse(
  fs.readFileSync(path.join(import.meta.dirname, "../description.schema.json"), "utf8")
)

const ajv = new Ajv2020({ allErrors: true, formats: { uri: true, date: true, "date-time": true, regex: true } })

describe("the JSON Schema of descriptions", () => {
  const validate = ajv.compile(schema)

  for (const { description, title } of quirks) {
    it(`takes the description of ${title}`, () => {
      validate({ provider: "example", ...description })

      assert.deepStrictEqual(validate.errors, null)
    })
  }

  it("refuses a field that is not known", () => {
    assert.isFalse(validate({ provider: "example", tokenEndpoint: "https://as.test", tokenEndpiont: "x" }))
  })

  it("describes every field", () => {
    const silent = [...fieldsOf(schema)].filter(([, node]) => node.description === undefined).map(([name]) => name)

    assert.deepStrictEqual(silent, [])
  })

  it("has defaults and examples that it takes itself", () => {
    const wrong = [...fieldsOf(schema)].flatMap(([name, { default: value, examples = [], ...node }]) => {
      const holds = ajv.compile(node)
      return [...examples, ...(value === undefined ? [] : [value])].flatMap((one) => holds(one) ? [] : [[name, one]])
    })

    assert.deepStrictEqual(wrong, [])
  })

  it("says of every field what it is like: choices, an example or a default", () => {
    const bare = [...fieldsOf(schema)]
      .filter(([, node]) => (node.type === "array" || node.type === "object") && node.properties === undefined)
      .filter(([, node]) => node.default === undefined && node.examples === undefined)
      .map(([name]) => name)

    assert.deepStrictEqual(bare, [])
  })
})

/** Every field of a schema, by its path. */
function* fieldsOf(node: Node, path = ""): Generator<readonly [name: string, node: Node]> {
  for (const [name, field] of Object.entries(node.properties ?? {})) {
    const here = path === "" ? name : `${path}.${name}`
    yield [here, field]
    yield* fieldsOf(field, here)
  }
  for (const branch of node.anyOf ?? []) yield* fieldsOf(branch, path)
  if (node.items !== undefined) yield* fieldsOf(node.items, path)
  if (typeof node.additionalProperties === "object") yield* fieldsOf(node.additionalProperties, path)
}
