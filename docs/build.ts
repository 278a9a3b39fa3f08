/**
 * Builds the site into docs/.vitepress/dist:
 *
 *     npm run docs [-- --look]
 *
 * The reference is written first, from doc comments. A fault in it, and a link that leads nowhere, fail the build.
 * `--look` then looks at the site in Chromium. The last line is the sum.
 */
import { build } from "vitepress"
import { look } from "./look.ts"
import * as Reference from "./reference.ts"

const faults = await Reference.write()
for (const fault of faults) console.log(`reference: ${fault}`)
await build(import.meta.dirname)

const looks = process.argv.includes("--look") ? await look() : { passed: 0, failed: 0, skipped: 0 }
const failed = looks.failed + (faults.length > 0 ? 1 : 0)
const passed = looks.passed + 1 + (faults.length > 0 ? 0 : 1)
console.log(`${passed} passed, ${failed} failed, ${looks.skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
