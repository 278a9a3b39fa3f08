// Writes the manual page of the command line, as the program prints it. A test fails when it is not what would be written.
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const directory = path.resolve(import.meta.dirname, "../apps/cli")
const page = execFileSync(process.execPath, [path.join(directory, "src/bin.ts"), "man", "--roff"])
fs.mkdirSync(path.join(directory, "man"), { recursive: true })
fs.writeFileSync(path.join(directory, "man/effect-oauth.1"), page)
