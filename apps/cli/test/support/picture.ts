/** A terminal as a picture: what a program wrote, with its colours. */

/** How many letters a line has; a longer one is cut, and says so. */
const width = 112

/** What a program wrote, line by line, with the words that style it. */
export interface Shown {
  readonly title: string
  readonly command: string
  readonly lines: ReadonlyArray<string>
}

// what a terminal is told by: ESC, [, a number, m
const style = new RegExp(`(${String.fromCharCode(27)}\\[\\d*m)`)

/** A line without what styles it. */
export const plain = (line: string): string => line.split(style).filter((part) => !style.test(part)).join("")

/** Whether a picture shows colours. */
export const isColoured = (svg: string): boolean => svg.includes("<tspan class=")

/** The picture, an SVG. */
export const draw = ({ command, lines, title }: Shown): string => {
  const height = lines.length * 18 + 64
  const text = lines.map((line, at) => `<text x="20" y="${62 + at * 18}">${spans(line)}</text>`).join("\n")
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 ${height}" width="920" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d5d9e0; white-space: pre }
.b { font-weight: bold; fill: #ffffff }
.d { fill: #9aa3af }
.g { fill: #7ee787 }
.c { fill: #76e3ea }
.r { fill: #ff9a8f }
.y { fill: #f0c674 }
</style>
<rect width="920" height="${height}" rx="8" fill="#15181e"/>
<text x="20" y="30" class="d">$ ${escaped(command)}</text>
${text}
</svg>
`
}

/** What a picture says and how it is styled, without what differs between runs: numbers, tokens, codes, folders, times. */
export const said = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text x="20" y="\d+"[^>]*>(.*)<\/text>/g)].map(([, line = ""]) =>
    line.replaceAll(/[█░].* left|date: .*|\b[A-Z]{4}-[A-Z]{4}\b/g, "").replaceAll(/effect-oauth-\w+-\w+/g, "")
      .replaceAll(/[\w-]{24,}/g, "").replaceAll(/\d+(\.\d+)?/g, "0")
  )

const colours: Readonly<Record<string, string>> = { "1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "36": "c" }

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const spans = (line: string): string => {
  let used = 0
  let kind = ""
  return line.split(style).map((part) => {
    if (style.test(part)) {
      kind = colours[/\d*(?=m)/.exec(part)?.[0] ?? ""] ?? ""
      return ""
    }
    const room = width - used
    const text = part.length > room ? `${part.slice(0, Math.max(0, room - 1))}${room > 0 ? "…" : ""}` : part
    used += text.length
    return kind === "" || text === "" ? escaped(text) : `<tspan class="${kind}">${escaped(text)}</tspan>`
  }).join("")
}
