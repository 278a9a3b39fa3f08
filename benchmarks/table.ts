// The table of docs/performance.md, between two marks: rewritten for the workloads that were run, left for the others.
import * as fs from "node:fs"

interface Figures {
  readonly title: string
  readonly rounds: number
  readonly metrics: Readonly<Record<string, string>>
  readonly reach: ReadonlyArray<{
    readonly contender: string
    readonly metric: string
    readonly over?: string
    readonly atMost: number
    readonly is: number
    readonly reached: boolean
  }>
  readonly contenders: Readonly<
    Record<
      string,
      { readonly kind: string; readonly values: Record<string, number>; readonly ratios: Record<string, number> }
    >
  >
}

/** Writes the tables of what was measured into a document. */
export const write = (
  file: string,
  { date, machine, workloads }: {
    readonly date: string
    readonly machine: string
    readonly workloads: Readonly<Record<string, Figures>>
  }
): void => {
  let text = fs.readFileSync(file, "utf8")
  for (const [name, figures] of Object.entries(workloads)) {
    const begin = `<!-- ${name} -->`
    const end = `<!-- /${name} -->`
    const [before, rest] = text.split(begin)
    const after = rest?.split(end)[1]
    if (before === undefined || after === undefined) throw new Error(`${file} has no place for ${name}`)
    const command = `\`npm run bench -- ${name} --rounds ${figures.rounds} --docs\``
    const made = `${date.slice(0, 10)}, ${machine}: ${command}`
    text = `${before}${begin}\n\n${made}\n\n${reachOf(figures)}\n\n${contendersOf(figures)}\n\n${end}${after}`
  }
  fs.writeFileSync(file, text)
}

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n")

const reachOf = ({ metrics, reach }: Figures): string =>
  table(
    ["to reach", "is", "at most", ""],
    reach.map(({ atMost, contender, is, metric, over, reached }) => [
      `${contender}: ${metrics[metric]}${over === undefined ? "" : `, over ${over}`}`,
      short(is),
      short(atMost),
      reached ? "reached" : "**missed**"
    ])
  )

const contendersOf = ({ contenders, metrics }: Figures): string =>
  table(
    ["", "", ...Object.values(metrics)],
    Object.entries(contenders).map(([name, { kind, ratios, values }]) => [
      kind === "ours" ? `**${name}**` : name,
      kind,
      ...Object.keys(metrics).map((key) => {
        const value = values[key] ?? NaN
        const ratio = ratios[key] ?? NaN
        if (!Number.isFinite(value)) return ""
        return Number.isFinite(ratio) && kind !== "floor" ? `${short(value)} (${ratio.toFixed(2)} x)` : short(value)
      })
    ])
  )

const short = (number: number): string =>
  number >= 1000 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(3)))
