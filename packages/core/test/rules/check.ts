// Takes each rule of the protocol out of the library in turn, and demands that its witness turns red:
//
//   npm run rules                        all of them
//   npm run rules -- settle lease        some
//   npm run rules -- --list              what they say, and who misses them
//   npm run rules -- --short             those whose witness is quick to see it
//   npm run rules -- --keep              also that the witness is content while the rule stands
import { spawn } from "node:child_process"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { type Rule, rules } from "./Rules.ts"

const here = import.meta.dirname

const ask = (rule: Rule, isOut: boolean): Promise<{ readonly code: number | null; readonly said: string }> =>
  new Promise((resolve) => {
    const args = [
      ...(isOut ? ["--import", path.join(here, "without.ts")] : []),
      path.join(here, "witness.ts"),
      rule.name
    ]
    const child = spawn(process.execPath, args, { env: { ...process.env, WITHOUT_RULE: rule.name } })
    let said = ""
    child.stdout.on("data", (chunk) => said += chunk)
    child.stderr.on("data", (chunk) => said += chunk)
    child.on("close", (code) => resolve({ code, said: said.trim() }))
  })

const about = ({ witness }: Rule): string =>
  witness.by === "model"
    ? `model: ${witness.server}, ${witness.faults.join(" and ")}`
    : `simulation: ${witness.focus}, ${witness.rotation}`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    short: { type: "boolean", default: false }
  }
})
const unknown = positionals.filter((name) => !rules.some((rule) => rule.name === name))
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}. Known: ${rules.map(({ name }) => name).join(", ")}.`)
  process.exit(2)
}
const isQuick = ({ witness }: Rule): boolean => witness.by === "model" || witness.seeds <= 60
const chosen = rules.filter((rule) =>
  (positionals.length === 0 || positionals.includes(rule.name)) && (!values.short || isQuick(rule))
)

if (values.list) {
  for (const rule of chosen) console.log(`${rule.name.padEnd(28)}${rule.says}\n${"".padEnd(28)}${about(rule)}`)
} else {
  let failed = 0
  const rest = [...chosen]
  const next = async (): Promise<void> => {
    for (let rule = rest.shift(); rule !== undefined; rule = rest.shift()) {
      const out = await ask(rule, true)
      const kept = values.keep ? await ask(rule, false) : { code: 0, said: "" }
      const isGood = out.code === 3 && kept.code === 0
      if (!isGood) failed++
      const why = out.code === 0
        ? "nothing misses it"
        : kept.code !== 0
        ? `its witness is not content with it either: ${kept.said}`
        : out.said
      console.log(
        `${isGood ? "red " : "FAIL"} ${rule.name.padEnd(28)}${about(rule)}\n${"".padEnd(33)}${why.slice(0, 200)}`
      )
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, os.availableParallelism()) }, next))
  console.log(`\n${chosen.length - failed} passed, ${failed} failed, 0 skipped`)
  process.exitCode = failed === 0 ? 0 : 1
}
