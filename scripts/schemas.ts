// Writes the JSON Schemas that packages publish. A test of the package fails when one is not what would be written.
import { Description } from "@effect-oauth/generic-rfc6749"
import * as fs from "node:fs"
import * as path from "node:path"

const file = path.resolve(import.meta.dirname, "../packages/generic-rfc6749/description.schema.json")

fs.writeFileSync(file, `${JSON.stringify(Description.toJsonSchema(), null, 2)}\n`)
