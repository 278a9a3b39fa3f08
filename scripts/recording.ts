// The picture of the demonstration in README.md, made of what it really printed:
//
//   node scripts/recording.ts            runs the demonstration, and compares what it prints with the picture
//   node scripts/recording.ts --write    runs it, and makes the picture anew
//
// Scenes are left out to keep it small; nothing else is changed. Numbers, ports and folders differ between runs and are
// not compared.
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const picture = path.join(root, "docs", "screenshots", "demo.svg")
const scenes = new Set(["1", "5", "6", "8"])
const width = 112

const run = (): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn("node", [path.join(root, "apps/cli/src/bin.ts"), "demo"], {
      env: { ...process.env, FORCE_COLOR: "1", NO_COLOR: "" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    child.stdout.on("data", (chunk) => {
      output += chunk
      process.stdout.write(chunk)
    })
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })

// what a terminal is told by: ESC, [, a number, m
const style = new RegExp(`(${String.fromCharCode(27)}\\[\\d*m)`)

const plain = (line: string): string => line.split(style).filter((part) => !style.test(part)).join("")

/** The scenes that are shown, and the last line. */
const shown = (output: string): ReadonlyArray<string> => {
  const [intro = "", ...parts] = output.trimEnd().split(new RegExp(`\\n(?=${style.source}?(?:\\d+\\. |Timeline))`))
    .filter((part) => part.includes("\n"))
  const chosen = parts.filter((part) => scenes.has(/^(\d+)\./.exec(plain(part))?.[1] ?? ""))
  return [intro, ...chosen, output.trimEnd().split("\n").at(-1) ?? ""].flatMap((
    part
  ) => [...part.trimEnd().split("\n"), ""])
    .slice(0, -1)
}

const colours: Readonly<Record<string, string>> = { "1": "b", "2": "d", "32": "g", "36": "c", "31": "r" }

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
    return kind === "" ? escaped(text) : `<tspan class="${kind}">${escaped(text)}</tspan>`
  }).join("")
}

const draw = (lines: ReadonlyArray<string>): string => {
  const height = lines.length * 18 + 64
  const text = lines.map((line, at) => `<text x="20" y="${62 + at * 18}">${spans(line)}</text>`).join("\n")
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 ${height}" width="920" height="${height}" role="img">
<title>What npm start prints, some scenes left out</title>
<style>
text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d5d9e0; white-space: pre }
.b { font-weight: bold; fill: #ffffff }
.d { fill: #9aa3af }
.g { fill: #7ee787 }
.c { fill: #76e3ea }
.r { fill: #ff9a8f }
</style>
<rect width="920" height="${height}" rx="8" fill="#15181e"/>
<text x="20" y="30" class="d">$ npm start</text>
${text}
</svg>
`
}

// what a picture says, without what differs between runs
const said = (svg: string): ReadonlyArray<string> =>
  [...svg.matchAll(/<text x="20" y="\d+">(.*)<\/text>/g)].map(([, line = ""]) =>
    line.replaceAll(/<[^>]*>/g, "").replaceAll(/effect-oauth-demo-\w+/g, "").replaceAll(/\d+(\.\d+)?/g, "0").slice(
      0,
      96
    )
  )

const { code, output } = await run()
if (code !== 0) process.exit(code)
const now = draw(shown(output))
if (process.argv.includes("--write")) fs.writeFileSync(picture, now)
else {
  const before = said(fs.readFileSync(picture, "utf8"))
  const after = said(now)
  const differs = after.findIndex((line, at) => line !== before[at])
  if (differs >= 0 || before.length !== after.length) {
    console.log(`\ndocs/screenshots/demo.svg is out of date: run node scripts/recording.ts --write`)
    console.log(`it says:  ${before[differs] ?? ""}\nit is now: ${after[differs] ?? ""}`)
    process.exit(1)
  }
}
