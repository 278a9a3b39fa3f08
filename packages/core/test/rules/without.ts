/** Loads the library without a rule: `node --import ./without.ts`, the rule's name in `WITHOUT_RULE`. */
import { registerHooks } from "node:module"
import { rules } from "./Rules.ts"

const name = process.env["WITHOUT_RULE"]
const cut = rules.find((rule) => rule.name === name)?.cut
if (cut === undefined) throw new Error(`There is no rule ${name}`)

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith(`/packages/core/src/internal/${cut.file}`)) return loaded
    const source = String(loaded.source)
    if (source.split(cut.from).length !== 2) throw new Error(`"${cut.from}" does not stand once in ${cut.file}`)
    // a function, so that a $ is no pattern
    return { ...loaded, source: source.replace(cut.from, () => cut.to) }
  }
})
