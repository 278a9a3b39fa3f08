// The fields of a description as Markdown, from its JSON Schema: for the guide, which `npm run format` keeps up to date.

/** As much of JSON Schema as descriptions use. */
export interface Node {
  readonly type?: string
  readonly description?: string | undefined
  readonly default?: unknown
  readonly examples?: ReadonlyArray<unknown>
  readonly enum?: ReadonlyArray<unknown>
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: ReadonlyArray<string>
  readonly anyOf?: ReadonlyArray<Node>
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
}

/** Every field, section by section. */
export const fieldList = (schema: Node): string => {
  const seen = new Map<string, string>()
  return sectionsOf(schema, "").flatMap(({ node, path }) => {
    const properties = JSON.stringify(node.properties)
    const same = seen.get(properties)
    seen.set(properties, same ?? path)
    const title = path === "" ? "### The description itself" : `### \`${path}\``
    const about = node.description === undefined || path === "" ? [] : [wrapped(node.description), ""]
    return same === undefined
      ? [title, "", ...about, ...bulletsOf(node), ""]
      : [title, "", ...about, wrapped(`Its fields are those of \`${same}\`.`), ""]
  }).join("\n").trimEnd()
}

/** A text in which the list stands between two marks. */
export const withFieldList = (markdown: string, list: string): string =>
  markdown.replace(
    /(<!-- fields -->\n)[\s\S]*(<!-- \/fields -->)/,
    (_, begin: string, end: string) => `${begin}\n${list}\n\n${end}`
  )

interface Section {
  readonly path: string
  readonly node: Node
}

const sectionsOf = (node: Node, path: string): ReadonlyArray<Section> => {
  const join = (name: string) => path === "" ? name : `${path}.${name}`
  const own = node.properties === undefined ? [] : [{ path, node }]
  return [
    ...own,
    ...Object.entries(node.properties ?? {}).flatMap(([name, field]) => sectionsOf(field, join(name))),
    ...(node.anyOf ?? []).flatMap((branch) => sectionsOf({ ...branch, description: node.description }, path))
      .filter(({ node }) => Object.keys(node.properties ?? {}).length > 1),
    ...(node.items === undefined ? [] : sectionsOf({ ...node.items, description: node.description }, `${path}[]`)),
    ...(typeof node.additionalProperties === "object"
      ? sectionsOf({ ...node.additionalProperties, description: node.description }, join("*"))
      : [])
  ]
}

const bulletsOf = ({ properties = {}, required = [] }: Node): ReadonlyArray<string> =>
  Object.entries(properties).map(([name, field]) => {
    const words = [
      field.description ?? "",
      kindOf(field),
      required.includes(name) ? "Required." : "",
      field.default === undefined || isEmpty(field.default) ? "" : `By default ${code(field.default)}.`,
      ...(field.examples ?? []).slice(0, 1).map((example) => `For example ${code(example)}.`)
    ]
    return wrapped(`- \`${name}\`: ${words.filter((text) => text !== "").join(" ")}`, "  ")
  })

const kindOf = ({ anyOf = [], enum: choices, type }: Node): string => {
  const all = [...choices ?? [], ...anyOf.flatMap((branch) => branch.enum ?? [])]
  if (all.length > 1) return `${anyOf.length > 0 ? "Among others" : "One of"} ${all.map(code).join(", ")}.`
  return type === "boolean" ? "`true` or `false`." : ""
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0

const code = (value: unknown): string =>
  typeof value === "string" ? value.trim() === "" ? "a space" : `\`${value}\`` : `\`${JSON.stringify(value)}\``

const width = 120

const wrapped = (text: string, indent = ""): string => {
  const lines: Array<string> = []
  let line = ""
  // what is code is not broken
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = indent + word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join("\n")
}
