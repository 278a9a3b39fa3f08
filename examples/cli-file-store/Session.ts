/**
 * A person at a terminal: runs the tool, again and again, against a sandbox, and
 * follows its link.
 */
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const open = Effect.gen(function*() {
  const sandbox = yield* Sandbox.make({ settings: { accessToken: "2 seconds" } })
  const store = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-oauth-example-"))),
    (store) => Effect.sync(() => rmSync(store, { recursive: true }))
  )
  const env = {
    ...process.env,
    BROWSER: "none",
    ISSUER: sandbox.endpoints.oidc.issuer,
    CLIENT_ID: sandbox.registrations["oidc-public"].clientId,
    STORE: store
  }
  const context = yield* Effect.context()

  /** Runs a command of the tool, and gives what it says. */
  const run = (command: "login" | "logout" | "whoami"): Effect.Effect<string> =>
    Effect.callback((resume) => {
      const tool = spawn(process.execPath, [join(import.meta.dirname, "tool.ts"), command], { env })
      let said = ""
      tool.stdout.on("data", (text) => said += text)
      tool.stderr.on("data", (text) => {
        const link = /Log in at (\S+)/.exec(String(text))?.[1]
        if (link === undefined) said += text
        else Effect.runForkWith(context)(visit(link))
      })
      tool.once("close", () => resume(Effect.succeed(said.trim())))
    })

  // what a browser does: the login page, and then the address that the tool listens at
  const visit = (link: string) =>
    Effect.flatMap(sandbox.approve(link), (callback) => Effect.promise(() => fetch(callback)))

  return { run, sandbox }
})
