/** An application that dies of a defect which nobody handles, with all it has in its hands. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as path from "node:path"
import type { Driven } from "./Drive.ts"
import * as Secrets from "./Secrets.ts"

/** Lets it die, in each of the ways there are, and hears what it says. */
export const drive: Effect.Effect<Driven> = Effect.gen(function*() {
  const secrets = {
    "access token": Secrets.fresh(),
    "refresh token": Secrets.fresh(),
    "client secret": Secrets.fresh()
  }
  const said = yield* Effect.forEach(
    ["defect", "rejection", "throw", "error"],
    (way) =>
      Effect.callback<{ readonly place: string; readonly text: string }>((resume) => {
        const child = spawn(process.execPath, ["--trace-uncaught", path.join(import.meta.dirname, "dying.ts"), way], {
          env: { PATH: process.env["PATH"], CANARIES: JSON.stringify(secrets), NODE_OPTIONS: "--stack-trace-limit=100" }
        })
        let text = ""
        child.stdout.on("data", (chunk: Buffer) => void (text += chunk.toString()))
        child.stderr.on("data", (chunk: Buffer) => void (text += chunk.toString()))
        child.on("close", () => resume(Effect.succeed({ place: `crash by ${way}`, text })))
      })
  )
  return { said, secrets }
})
