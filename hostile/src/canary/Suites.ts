/**
 * Runs the suites of the packages that hold secrets, and of the command line, and listens: to each file from within
 * (`planted.ts`), and to everything that is printed from without.
 */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Driven } from "./Drive.ts"
import type { Searched } from "./planted.ts"
import type { Said } from "./Search.ts"

const root = path.resolve(import.meta.dirname, "../../..")

const projects = ["core", "node", "web", "cli", "postgres", "generic-rfc6749", "frameio", "catalogue", "sample"]

// thousands of lives in virtual time, a browser that hears nothing of this, and what searches for secrets by itself
const without = ["**/simulation/**", "**/model/**", "**/rules/**", "**/*.chromium.*"]

/** Runs the suites once. */
export const drive: Effect.Effect<Driven> = Effect.gen(function*() {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "canary-suites-"))),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )
  const { code, said } = yield* vitest(folder)
  const searched = fs.readdirSync(folder).flatMap((file) =>
    fs.readFileSync(path.join(folder, file), "utf8").split("\n").filter((line) => line !== "")
  ).map((line) => JSON.parse(line) as Searched)
  const secrets = new Set(searched.flatMap(({ secrets }) => secrets))
  return {
    said,
    secrets: Object.fromEntries([...secrets].map((secret) => [secret, secret])),
    searched,
    problem: code === 0 ? undefined : `the suites end with ${code} while they are listened to`
  }
}).pipe(Effect.scoped)

const vitest = (folder: string): Effect.Effect<{ readonly code: number; readonly said: ReadonlyArray<Said> }> =>
  Effect.callback((resume) => {
    const args = [
      "run",
      ...projects.flatMap((name) => ["--project", name]),
      ...without.flatMap((glob) => ["--exclude", glob])
    ]
    const child = spawn("vitest", args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CANARIES: folder, LOG_LEVEL: "All", NO_COLOR: "1", CI: "true" }
    })
    let [stdout, stderr] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => void (stdout += text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text))
    child.on("close", (code) => {
      if (code !== 0) process.stderr.write(`${stdout.slice(-20_000)}${stderr.slice(-5_000)}\n`)
      resume(Effect.succeed({
        code: code ?? -1,
        said: [{ place: "vitest: stdout", text: stdout }, { place: "vitest: stderr", text: stderr }]
      }))
    })
  })
