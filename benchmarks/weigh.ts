/**
 * What each module weighs in a program of `size`: the bytes, minified and gzipped, that the program loses without it.
 *
 * `node benchmarks/weigh.ts [entry] [over]`: names of files in `size`; `tokens` over `floor` where nothing is said.
 */
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { minify } from "rolldown/utils"

const [entry = "tokens", over = "floor"] = process.argv.slice(2)

interface Part {
  readonly name: string
  readonly code: string
}

/** A program as one file that is not minified, cut into the modules that it is made of. */
const partsOf = async (name: string): Promise<ReadonlyArray<Part>> => {
  const build = await rolldown({
    input: path.join(import.meta.dirname, "size", `${name}.ts`),
    platform: "neutral",
    external: /^node:/,
    logLevel: "silent"
  })
  const { output: [{ code }] } = await build.generate({ format: "esm", codeSplitting: false })
  // rolldown names each module in a line of its own before its code
  return code.split(/^\/\/ (?=(?:\S*\/)?\S+\.[jt]s$)/m).filter((part) => part !== "").map((part) => {
    const end = part.indexOf("\n")
    return {
      name: part.slice(0, end).replace(/^.*\/(effect|core|jose)\/(dist|src)\//, "$1/").replace(/\.(ts|js)$/, ""),
      code: part.slice(end)
    }
  })
}

const weigh = async (parts: ReadonlyArray<Part>): Promise<{ readonly min: number; readonly gzip: number }> => {
  const { code, errors } = await minify("program.js", parts.map(({ code }) => code).join("\n"), {
    module: true,
    // what only the module that is left out uses stays
    compress: { unused: false },
    mangle: { toplevel: true }
  })
  if (errors.length > 0) throw errors[0]
  return { min: code.length, gzip: gzipSync(code, { level: 9 }).length }
}

const program = await partsOf(entry)
const base = new Set((await partsOf(over)).map(({ name }) => name))
const whole = await weigh(program)
const isOurs = ({ name }: Part) => !name.startsWith("effect/")
const rows = []
for (const part of program) {
  const without = await weigh(program.filter((other) => other !== part))
  rows.push({
    name: part.name,
    min: whole.min - without.min,
    gzip: whole.gzip - without.gzip,
    kind: isOurs(part) ? "ours" : base.has(part.name) ? "effect, also in " + over : "effect, not in " + over
  })
}
for (const kind of new Set(rows.map(({ kind }) => kind))) {
  const some = rows.filter((row) => row.kind === kind).sort((a, b) => b.gzip - a.gzip)
  console.log(`\n${kind}: ${some.length} modules, ${some.reduce((sum, { gzip }) => sum + gzip, 0)} gzipped bytes`)
  for (const { gzip, min, name } of some) console.log(`${String(gzip).padStart(7)} ${String(min).padStart(8)}  ${name}`)
}
const effect = await weigh(program.filter((part) => !isOurs(part)))
console.log(`\nall: ${whole.gzip}, Effect's part alone: ${effect.gzip}, ours over it: ${whole.gzip - effect.gzip}`)
