/**
 * What each module weighs in a program of `size`: the bytes that the program loses without it. Shared words count once, so
 * the sum is less than the whole.
 *
 * `npm run weigh -- [program]`: the name of a file in `size`; `tokens` where nothing is said.
 */
import { isEffects, type Part, partsOf, weigh } from "./parts.ts"

const floor = "floor"
const [program = "tokens"] = process.argv.slice(2)

const parts = await partsOf(program)
const ofFloor = new Set((await partsOf(floor)).map(({ name }) => name))
const whole = await weigh(parts)

const kindOf = (part: Part): string =>
  !isEffects(part)
    ? "not Effect's"
    : ofFloor.has(part.name)
    ? "Effect's, and the floor's"
    : "Effect's, beyond the floor"

const rows = []
for (const part of parts) {
  const rest = await weigh(parts.filter((other) => other !== part))
  rows.push({
    name: part.name,
    kind: kindOf(part),
    minified: whole.minified - rest.minified,
    gzip: whole.gzip - rest.gzip
  })
}
for (const kind of new Set(rows.map((row) => row.kind))) {
  const some = rows.filter((row) => row.kind === kind).sort((a, b) => b.gzip - a.gzip)
  console.log(`\n${kind}: ${some.length} modules (bytes gzipped, minified)`)
  for (const { gzip, minified, name } of some) {
    console.log(`${String(gzip).padStart(7)} ${String(minified).padStart(8)}  ${name}`)
  }
}

const both = await weigh((await partsOf(floor, program)).filter(isEffects))
const without = await weigh(parts.filter(isEffects))
console.log(`
${whole.gzip} bytes gzipped: ${whole.gzip - without.gzip} more than what it holds of Effect (${without.gzip}),
and ${whole.gzip - both.gzip} more than what the floor and it hold of Effect together (${both.gzip})`)
