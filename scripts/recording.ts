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
import * as Picture from "../apps/cli/test/support/picture.ts"

const root = path.resolve(import.meta.dirname, "..")
const picture = path.join(root, "docs", "screenshots", "demo.svg")
const scenes = new Set(["1", "5", "6", "8"])

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

// where a scene begins, styled or not
const scene = new RegExp(`\\n(?=(?:${String.fromCharCode(27)}\\[\\d*m)?(?:\\d+\\. |Timeline))`)

/** The scenes that are shown, and the last line. */
const shown = (output: string): ReadonlyArray<string> => {
  const [intro = "", ...parts] = output.trimEnd().split(scene)
    .filter((part) => part.includes("\n"))
  const chosen = parts.filter((part) => scenes.has(/^(\d+)\./.exec(Picture.plain(part))?.[1] ?? ""))
  return [intro, ...chosen, output.trimEnd().split("\n").at(-1) ?? ""].flatMap((
    part
  ) => [...part.trimEnd().split("\n"), ""])
    .slice(0, -1)
}

const { code, output } = await run()
if (code !== 0) process.exit(code)
const now = Picture.draw({
  title: "What npm start prints, some scenes left out",
  command: "npm start",
  lines: shown(output)
})
if (process.argv.includes("--write")) fs.writeFileSync(picture, now)
else {
  const before = Picture.said(fs.readFileSync(picture, "utf8"))
  const after = Picture.said(now)
  const differs = after.findIndex((line, at) => line !== before[at])
  if (differs >= 0 || before.length !== after.length) {
    console.log(`\ndocs/screenshots/demo.svg is out of date: run node scripts/recording.ts --write`)
    console.log(`it says:  ${before[differs] ?? ""}\nit is now: ${after[differs] ?? ""}`)
    process.exit(1)
  }
}
