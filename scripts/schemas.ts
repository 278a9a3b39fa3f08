// Writes the JSON Schemas that packages publish, and the list of fields in the guide that is made from them. Tests fail
// when one is not what would be written.
import { Description } from "@effect-oauth/generic-rfc6749"
import * as fs from "node:fs"
import * as path from "node:path"
import { fieldList, withFieldList } from "./fieldList.ts"

const root = path.resolve(import.meta.dirname, "..")
const schema = Description.toJsonSchema()
const guide = path.join(root, "docs/guides/providers.md")

fs.writeFileSync(
  path.join(root, "packages/generic-rfc6749/description.schema.json"),
  `${JSON.stringify(schema, null, 2)}\n`
)
fs.writeFileSync(guide, withFieldList(fs.readFileSync(guide, "utf8"), fieldList(schema)))
