/**
 * Builds the site into docs/.vitepress/dist:
 *
 *     npm run docs [-- --look] [-- --links]
 *
 * The reference is written first, from doc comments. A fault in it, and a link that leads nowhere, fail the build.
 * `--look` then looks at the site in Chromium. `--links` first asks every link that leads out of the repository, and dates
 * docs/links.md. The last line is the sum.
 */
import { spawnSync } from "node:child_process"
import { build } from "vitepress"
import { look } from "./look.ts"
import * as Reference from "./reference.ts"
import { root } from "./site.ts"

const asked = process.argv.includes("--links")
  ? spawnSync(process.execPath, ["scripts/links.ts", "--try"], { cwd: root, stdio: "inherit" }).status
  : 0
const faults = await Reference.write()
for (const fault of faults) console.log(`reference: ${fault}`)
await build(import.meta.dirname)

const looks = process.argv.includes("--look") ? await look() : { passed: 0, failed: 0, skipped: 0 }
const failed = looks.failed + (faults.length > 0 ? 1 : 0) + (asked === 0 ? 0 : 1)
const passed = looks.passed + 1 + (faults.length > 0 ? 0 : 1)
console.log(`${passed} passed, ${failed} failed, ${looks.skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
