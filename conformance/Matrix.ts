/**
 * The matrix: what the specifications ask of a client, and how each of it stands here.
 *
 * A row is data (`rows/*.json`). Tests carry the ids of the rows that they show at the end of their titles, as
 * `keeps the query of the endpoint [6749-3.2-b]`. Everything here is pure; `scripts/conformance.ts` reads and writes.
 */

/** One requirement on the client, in our own words. */
export interface Row {
  readonly id: string
  readonly section: string
  readonly level: string
  readonly tier: 1 | 2 | 3
  /** Binds the application or its deployment, so that a document may show it. */
  readonly app?: true
  readonly requirement: string
  /** A document that says it, for rows that bind the application. */
  readonly documented?: Place
  /** Why the row does not bind this client, and where that is said. */
  readonly notApplicable?: Place
}

export interface Place {
  /** A file from the root of the repository; a Markdown file with the anchor of a heading. */
  readonly where: string
  readonly why: string
}

export interface Specification {
  readonly spec: string
  readonly title: string
  readonly url: string
  readonly rows: ReadonlyArray<Row>
}

/** A test of any suite, as its report tells it. */
export interface Test {
  readonly file: string
  /** The titles of the groups around it. */
  readonly groups: ReadonlyArray<string>
  readonly title: string
  readonly outcome: "passed" | "failed" | "skipped"
}

export type Standing =
  | { readonly state: "shown"; readonly tests: ReadonlyArray<Test> }
  | { readonly state: "documented" | "notApplicable"; readonly place: Place }
  | { readonly state: "missing" }

export interface Counts {
  readonly rows: number
  readonly shown: number
  readonly documented: number
  readonly notApplicable: number
  readonly missing: ReadonlyArray<string>
}

export interface Summary {
  readonly tiers: Readonly<Record<string, Counts>>
  readonly specs: Readonly<Record<string, Counts>>
}

/** The ids in a title, and whatever looks like one because it begins as a specification's ids do. */
export const idsOf = (title: string, prefixes: ReadonlySet<string>): ReadonlyArray<string> =>
  [...title.matchAll(/\[([^[\]\s]+)\]/g)]
    .map(([, id = ""]) => id)
    .filter((id) => prefixes.has(prefixOf(id)))

const prefixOf = (id: string): string => id.slice(0, Math.max(id.indexOf("-"), 0))

/** A title without its ids. */
export const withoutIds = (title: string): string => title.replaceAll(/ *\[[A-Za-z0-9.]+(?:-[A-Za-z0-9.]+)+\]/g, "")

export const rowsOf = (specifications: ReadonlyArray<Specification>): ReadonlyArray<Row> =>
  specifications.flatMap(({ rows }) => rows)

export const prefixesOf = (specifications: ReadonlyArray<Specification>): ReadonlySet<string> =>
  new Set(rowsOf(specifications).map(({ id }) => prefixOf(id)))

/** Ids that no row has, and ids in the title of a group, which show nothing of any one test. */
export const strayIds = (
  specifications: ReadonlyArray<Specification>,
  tests: ReadonlyArray<Test>
): ReadonlyArray<string> => {
  const prefixes = prefixesOf(specifications)
  const known = new Set(rowsOf(specifications).map(({ id }) => id))
  const found = tests.flatMap(({ file, groups, title }) => [
    ...idsOf(title, prefixes).filter((id) => !known.has(id)).map((id) => `${file}: no row is called ${id}`),
    ...groups.flatMap((group) => idsOf(group, prefixes)).map((id) => `${file}: ${id} is in the title of a group`)
  ])
  return [...new Set(found)]
}

/**
 * How every row stands. Shown is a row whose id at least one passed test carries, and no failed one: a skipped test
 * counts for nothing.
 */
export const stand = (
  specifications: ReadonlyArray<Specification>,
  tests: ReadonlyArray<Test>
): ReadonlyMap<string, Standing> => {
  const prefixes = prefixesOf(specifications)
  const carriers = new Map<string, Array<Test>>()
  for (const test of tests) {
    for (const id of idsOf(test.title, prefixes)) {
      carriers.set(id, [...carriers.get(id) ?? [], test])
    }
  }
  return new Map(
    rowsOf(specifications).map((row): [string, Standing] => {
      const own = carriers.get(row.id) ?? []
      const passed = own.filter(({ outcome }) => outcome === "passed")
      if (passed.length > 0 && own.every(({ outcome }) => outcome !== "failed")) {
        return [row.id, { state: "shown", tests: passed }]
      }
      if (row.documented !== undefined) return [row.id, { state: "documented", place: row.documented }]
      if (row.notApplicable !== undefined) return [row.id, { state: "notApplicable", place: row.notApplicable }]
      return [row.id, { state: "missing" }]
    })
  )
}

const count = (rows: ReadonlyArray<Row>, standings: ReadonlyMap<string, Standing>): Counts => {
  const of = (state: Standing["state"]) => rows.filter(({ id }) => standings.get(id)?.state === state)
  return {
    rows: rows.length,
    shown: of("shown").length,
    documented: of("documented").length,
    notApplicable: of("notApplicable").length,
    missing: of("missing").map(({ id }) => id)
  }
}

export const summarize = (
  specifications: ReadonlyArray<Specification>,
  standings: ReadonlyMap<string, Standing>
): Summary => ({
  tiers: Object.fromEntries(
    [1, 2, 3].map((tier) => [
      String(tier),
      count(rowsOf(specifications).filter((row) => row.tier === tier), standings)
    ])
  ),
  specs: Object.fromEntries(specifications.map(({ rows, spec }) => [spec, count(rows, standings)]))
})

/** What no row may be, whatever the tests say. */
export const rowFaults = (specifications: ReadonlyArray<Specification>): ReadonlyArray<string> => {
  const rows = rowsOf(specifications)
  const ids = rows.map(({ id }) => id)
  return rows.flatMap((row, index) => [
    ...(ids.indexOf(row.id) === index ? [] : [`${row.id} is there twice`]),
    ...(/^[A-Za-z0-9.]+-[A-Za-z0-9.-]+-[a-z]$/.test(row.id) ? [] : [`${row.id} is no id`]),
    ...(row.documented === undefined || row.app === true
      ? []
      : [`${row.id} is documented, but binds the library: it wants a test`]),
    ...(row.documented === undefined || row.notApplicable === undefined
      ? []
      : [`${row.id} is both documented and not applicable`])
  ])
}

/** The lines that a person reads. */
export const table = ({ specs, tiers }: Summary): string => {
  const line = (name: string, { documented, missing, notApplicable, rows, shown }: Counts) =>
    [
      name.padEnd(15),
      ...[rows, shown, documented, notApplicable, missing.length].map((cell) => String(cell).padStart(10)),
      `${percentage(rows - missing.length, rows)} %`.padStart(9)
    ].join(" ")
  return [
    ["".padEnd(15), ...["rows", "shown", "documented", "n/a", "missing"].map((word) => word.padStart(10))].join(" "),
    ...Object.entries(specs).map(([spec, counts]) => line(spec, counts)),
    "",
    ...Object.entries(tiers).map(([tier, counts]) => line(`tier ${tier}`, counts))
  ].join("\n")
}

/** `docs/conformance.md`. */
export const markdown = (
  specifications: ReadonlyArray<Specification>,
  standings: ReadonlyMap<string, Standing>
): string => {
  const { specs, tiers } = summarize(specifications, standings)
  const cells = ({ documented, missing, notApplicable, rows, shown }: Counts) =>
    [rows, shown, documented, notApplicable, missing.length].join(" | ")
  return [
    "# Conformance",
    "",
    "What the specifications of OAuth 2 and OpenID Connect ask of a client, and how each of it stands here. This page is",
    "written by `npm run conformance -- --write` from [the rows](../conformance/rows) and from what the tests showed;",
    "[how to read and extend it](../conformance/README.md).",
    "",
    "| | rows | shown | documented | not applicable | missing |",
    "| --- | --- | --- | --- | --- | --- |",
    ...Object.entries(tiers).map(([tier, counts]) => `| tier ${tier} | ${cells(counts)} |`),
    ...specifications.map(({ spec }) => `| [${spec}](#${anchor(spec)}) | ${cells(specs[spec] ?? none)} |`),
    ...specifications.flatMap(({ rows, spec, title, url }) => [
      "",
      `## ${spec}`,
      "",
      `[${title}](${url})`,
      "",
      "| id | level | tier | requirement | how it stands |",
      "| --- | --- | --- | --- | --- |",
      ...rows.map((row) =>
        `| ${row.id} | ${row.level} | ${row.tier} | ${escaped(row.requirement)} | ${telling(standings.get(row.id))} |`
      )
    ]),
    ""
  ].join("\n")
}

const none: Counts = { rows: 0, shown: 0, documented: 0, notApplicable: 0, missing: [] }

const percentage = (part: number, whole: number): string => (whole === 0 ? 100 : 100 * part / whole).toFixed(1)

const anchor = (title: string): string =>
  title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")

const escaped = (text: string): string => text.replaceAll(/[|<>*_[\]\\]/g, (letter) => `\\${letter}`)

const link = (target: string): string => {
  const file = target.split("#")[0] ?? target
  return `[${file.split("/").at(-1)}](../${target})`
}

const telling = (standing: Standing | undefined): string => {
  switch (standing?.state) {
    case "shown": {
      const [first] = [...standing.tests].sort((a, b) => compare(a.file, b.file) || compare(a.title, b.title))
      const others = standing.tests.length - 1
      const test = first === undefined
        ? ""
        : `${link(first.file)}: ${escaped(withoutIds([...first.groups, first.title].join(" ")))}`
      return others > 0 ? `${test} (and ${others} more)` : test
    }
    case "documented":
      return `documented in ${link(standing.place.where)}: ${escaped(standing.place.why)}`
    case "notApplicable":
      return `not applicable (${link(standing.place.where)}): ${escaped(standing.place.why)}`
    default:
      return "**missing**"
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
