/** Loaded before a command of the command line: writes its secrets down, for whoever searches what it says. */
import * as fs from "node:fs"
import * as path from "node:path"
import { watch } from "./Registry.ts"

const folder = process.env["CANARIES"]
const heard = new Set<string>()
if (folder !== undefined) {
  // at once: it may be killed
  watch((secret) => {
    if (heard.has(secret)) return
    heard.add(secret)
    fs.appendFileSync(path.join(folder, `${process.pid}`), `${secret}\n`)
  })
}
