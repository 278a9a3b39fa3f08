import { Description } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { fieldList, withFieldList } from "../scripts/fieldList.ts"

const guide = fs.readFileSync(path.join(import.meta.dirname, "../docs/guides/providers.md"), "utf8")

describe("the guide to providers", () => {
  it("lists every field as the schema has it (written by npm run format)", () => {
    assert.strictEqual(guide, withFieldList(guide, fieldList(Description.toJsonSchema())))
  })

  it("names the providers that take a hook", () => {
    for (const provider of ["Apple", "Revolut", "Shopline"]) assert.include(guide, provider)
  })
})
