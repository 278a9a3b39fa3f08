// Makes a fresh clone ready, then runs the command it is given with the Node of this repository.
//
//   node scripts/setup.mjs [command ...args]
//
// Runs on any Node from 20 on and needs only npm: pnpm comes into `.tools/`, everything else into `node_modules/`.
// When the lockfile has not changed since the last time, it does nothing but run the command.
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const PNPM = "12.21.0"

const root = fileURLToPath(new URL("..", import.meta.url))
const tools = join(root, ".tools", `pnpm-${PNPM}`)
const windows = process.platform === "win32"
const pnpm = join(tools, "node_modules", "pnpm", windows ? "pnpm.exe" : "pnpm")
const stamp = join(root, "node_modules", ".setup")

const fail = (sentence) => {
  console.error(`setup: ${sentence}`)
  process.exit(1)
}

/** Runs a step in silence; its output is shown only when it fails. */
const quietly = (what, command, args, options = {}) => {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28, ...options })
  if (done.status === 0) return
  console.error(`${done.stdout ?? ""}${done.stderr ?? ""}`.trim())
  fail(`${what} failed (${done.error?.message ?? `exit code ${done.status ?? done.signal}`}).`)
}

const fingerprint = () => {
  const hash = createHash("sha256")
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    hash.update(readFileSync(join(root, file)))
  }
  return `${PNPM} ${process.platform}-${process.arch} ${hash.digest("hex")}`
}

// npm may refuse to run install scripts, so pnpm's own (it puts the native binary in place) is run by hand.
const obtainPnpm = () => {
  console.error(`setup: fetching pnpm ${PNPM}`)
  mkdirSync(tools, { recursive: true })
  writeFileSync(join(tools, "package.json"), `{ "private": true }\n`)
  const npm = [
    "install",
    "--no-save",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    `pnpm@${PNPM}`
  ]
  quietly("fetching pnpm", "npm", npm, { cwd: tools, shell: windows })
  quietly("placing pnpm", process.execPath, [join(tools, "node_modules", "pnpm", "install.js")], { cwd: tools })
}

const wanted = fingerprint()
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  if (!existsSync(join(tools, ".ready"))) {
    obtainPnpm()
    writeFileSync(join(tools, ".ready"), "")
  }
  console.error("setup: installing packages")
  quietly("installing packages", pnpm, ["install", "--frozen-lockfile"], { env: { ...process.env, CI: "true" } })
  writeFileSync(stamp, wanted)
}

const [command, ...args] = process.argv.slice(2)
if (command !== undefined) {
  const path = [join(root, "node_modules", ".bin"), dirname(pnpm), process.env.PATH].join(delimiter)
  const child = spawn(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: windows,
    env: { ...process.env, PATH: path }
  })
  // A terminal sends Ctrl-C to both; this process waits for what the command makes of it.
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => child.kill("SIGTERM"))
  child.on("error", (error) => fail(`${command} could not be run: ${error.message}`))
  child.on("close", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}
