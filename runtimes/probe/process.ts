/** The probe as a process of Node, Bun or Deno: `process.js PLACE.json`, and one line of JSON. */
import * as fs from "node:fs"
import { features } from "./features.ts"
import { platformFeatures } from "./platformFeatures.ts"
import { report } from "./report.ts"

const place = JSON.parse(fs.readFileSync(process.argv[2] ?? "", "utf8"))

console.log(JSON.stringify(await report(place, [...features, ...platformFeatures])))
// a listener of the runtime's own must not keep it
process.exit(0)
