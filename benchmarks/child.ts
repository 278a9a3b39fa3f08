// One process, one contender, one sample: `node --expose-gc child.ts W1 <index> full`.
import type { Scale, Workload } from "./Workload.ts"

const [name, index, scale] = process.argv.slice(2)
const { workload }: { readonly workload: Workload } = await import(`./workloads/${name}.ts`)
const sample = await workload.contenders[Number(index)]?.run(scale as Scale)
console.log(JSON.stringify(sample))
process.exit(0)
