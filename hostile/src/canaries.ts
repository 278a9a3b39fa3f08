/**
 * Puts values that nobody else writes in the place of every secret, lets everything be said that can be, and searches
 * it for them:
 *
 *     npm run canaries -- [--only library,commands,crash,suites] [--json]
 *
 * The last line is `{ places, characters, secrets, reviewed, finds, problems }`. The exit code is 1 where there are finds that are
 * not on the reviewed list (`canary/Reviewed.ts`).
 */
import { Effect } from "effect"
import { parseArgs } from "node:util"
import * as Commands from "./canary/Commands.ts"
import * as Crash from "./canary/Crash.ts"
import * as Drive from "./canary/Drive.ts"
import { unreviewed } from "./canary/Reviewed.ts"
import { search } from "./canary/Search.ts"
import * as Suites from "./canary/Suites.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "library,commands,crash" },
    json: { type: "boolean", default: false }
  }
})
const say = (line: string) => values.json ? process.stderr.write(`${line}\n`) : console.log(line)

const drivers: Readonly<Record<string, Effect.Effect<Drive.Driven>>> = {
  library: Drive.drive,
  commands: Commands.drive,
  crash: Crash.drive,
  suites: Suites.drive
}

const total = { places: 0, characters: 0, secrets: 0, reviewed: 0, finds: 0, problems: 0 }
for (const name of values.only.split(",")) {
  const driver = drivers[name]
  if (driver === undefined) {
    console.error(`--only is some of ${Object.keys(drivers).join(", ")}.`)
    process.exit(2)
  }
  const started = performance.now()
  const { problem, said, searched = [], secrets } = await Effect.runPromise(driver)
  say(`${name}: heard in ${Math.round((performance.now() - started) / 1000)} s`)
  if (problem !== undefined) {
    say(`${name}: ${problem}`)
    total.problems++
  }
  const finds = [
    ...search(said, secrets),
    ...searched.flatMap(({ file, finds }) => finds.map((find) => ({ ...find, place: `${file}: ${find.place}` })))
  ]
  const left = unreviewed(finds)
  total.places += searched.reduce((sum, { places }) => sum + places, new Set(said.map(({ place }) => place)).size)
  total.characters += searched.reduce(
    (sum, { characters }) => sum + characters,
    said.reduce((sum, { text }) => sum + text.length, 0)
  )
  total.secrets += Object.keys(secrets).length
  total.reviewed += finds.length - left.length
  total.finds += left.length
  say(`${name}: ${finds.length} finds, ${left.length} that nobody has reviewed`)
  for (const { around, place, secret } of left) say(`FIND ${secret} in ${place}\n  ${JSON.stringify(around)}`)
}
console.log(JSON.stringify(total))
process.exitCode = total.finds + total.problems > 0 ? 1 : 0
// what was heard holds nothing open for long
setTimeout(() => process.exit(), 2_000).unref()
