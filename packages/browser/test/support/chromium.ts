/** A real browser. Without one the suites that need it say so and are skipped. */
import { execFileSync } from "node:child_process"
import { type Browser, chromium } from "playwright-core"

const find = (): string | undefined => {
  if (process.env["CHROMIUM"] !== undefined) return process.env["CHROMIUM"]
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
    } catch {
      continue
    }
  }
  return undefined
}

const executablePath = find()

/** Whether there is no browser. `apt-get install chromium` brings one; `CHROMIUM` names another. */
export const isMissing: boolean = executablePath === undefined

if (isMissing) process.emitWarning("SKIPPED: what needs Chromium: there is none; install Debian's package chromium")

// what the network of a closed machine would refuse, and what only slows a test
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** Starts it. */
export const launch = (): Promise<Browser> =>
  chromium.launch({ args, timeout: 120_000, ...(executablePath === undefined ? {} : { executablePath }) })
